// Subjects for models that list none: wrong labels are drawn from them, and prompts to keep are made of them.
internal import Torch

package enum KnownSubjects {
  /// Things of one sort.
  package struct Group: Sendable {
    /// The name of the sort, with its article.
    package let broader: String
    /// Its categories in COCO (Lin et al., ECCV 2014).
    let coco: [String]
    /// Other things of the sort, Imagenette's ten among them.
    let more: [String]

    init(_ broader: String, _ coco: [String], _ more: [String] = []) {
      (self.broader, self.coco, self.more) = (broader, coco, more)
    }
  }

  /// Names of COCO for more than one thing, which take no article.
  package static let plurals = ["skis", "scissors"]
  /// Names of what is not counted, which take no article.
  static let uncountable = [
    "food", "water", "people", "broccoli", "fire", "smoke", "snow", "grass",
  ]

  package static let groups: [Group] = [
    Group("a human being", ["person"], ["child", "woman", "man"]),
    Group(
      "a vehicle",
      ["bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"],
      ["garbage truck", "parachute", "helicopter", "tractor"]),
    Group(
      "a thing in a street",
      ["traffic light", "fire hydrant", "stop sign", "parking meter", "bench"], ["gas pump"]),
    Group("a building", [], ["church", "castle", "house", "tower", "lighthouse", "bridge"]),
    Group(
      "an animal",
      [
        "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe",
      ],
      [
        "fox", "wolf", "lion", "tiger", "rabbit", "deer", "squirrel", "frog", "snake", "turtle",
        "fish", "tench", "penguin", "owl", "butterfly", "spider", "English springer",
      ]),
    Group("a thing that people carry", ["backpack", "umbrella", "handbag", "tie", "suitcase"]),
    Group(
      "a thing for sports",
      [
        "frisbee", "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove",
        "skateboard", "surfboard", "tennis racket",
      ], ["golf ball"]),
    Group(
      "a thing on a table",
      ["bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl"], ["plate", "teapot"]),
    Group(
      "food",
      [
        "banana", "apple", "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut",
        "cake",
      ], ["loaf of bread", "lemon", "mushroom"]),
    Group("a plant", [], ["rose", "sunflower", "tulip", "cactus", "palm tree", "oak tree"]),
    Group(
      "a piece of furniture",
      ["chair", "couch", "potted plant", "bed", "dining table", "toilet"], ["lamp"]),
    Group(
      "an electronic device",
      ["tv", "laptop", "mouse", "remote", "keyboard", "cell phone"],
      ["camera", "cassette player"]),
    Group("an appliance", ["microwave", "oven", "toaster", "sink", "refrigerator"]),
    Group(
      "a thing in a house",
      ["book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush"]),
    Group(
      "a tool or an instrument", [], ["hammer", "chain saw", "guitar", "French horn", "piano"]),
  ]

  /// The 80 categories of COCO.
  package static let everyday = groups.flatMap(\.coco)
  package static let objects = groups.flatMap { $0.coco + $0.more }

  /// The sort that a thing belongs to, where the list has the thing.
  static func group(of name: String) -> Group? {
    groups.first { ($0.coco + $0.more).contains { $0.lowercased() == name.lowercased() } }
  }

  static let styles = [
    "watercolor", "oil painting", "impressionism", "cubism", "pop art", "pixel art",
    "pencil sketch", "charcoal drawing", "anime", "comic book", "art deco", "art nouveau",
    "baroque", "surrealism", "expressionism", "pointillism", "ukiyo-e", "low poly", "line drawing",
    "stained glass", "mosaic", "woodcut", "graffiti", "collage",
  ]

  static let artists = [
    "Claude Monet", "Vincent van Gogh", "Pablo Picasso", "Salvador Dali", "Rembrandt",
    "Leonardo da Vinci", "Paul Cezanne", "Edvard Munch", "Gustav Klimt", "Andy Warhol",
    "Frida Kahlo", "Johannes Vermeer", "Henri Matisse", "Wassily Kandinsky", "Katsushika Hokusai",
    "Caravaggio", "Michelangelo", "Edgar Degas", "Jackson Pollock", "Paul Gauguin",
    "Albrecht Durer", "Francisco Goya", "Sandro Botticelli", "Piet Mondrian",
  ]

  static let persons = [
    "Albert Einstein", "Marie Curie", "Isaac Newton", "Charles Darwin", "Abraham Lincoln",
    "Mahatma Gandhi", "Nelson Mandela", "Winston Churchill", "Martin Luther King",
    "Queen Victoria", "Charlie Chaplin", "Marilyn Monroe", "Audrey Hepburn", "Elvis Presley",
    "Muhammad Ali", "Amelia Earhart", "Napoleon Bonaparte", "William Shakespeare", "Rosa Parks",
    "Florence Nightingale", "Ada Lovelace", "Alan Turing", "Louis Armstrong", "Agatha Christie",
  ]

  /// A sentence on words that are nearly those of a list; nil for others, and for a subject of a list.
  package static func spellingNote(_ name: String) -> String? {
    let known = objects + styles + artists + persons
    guard !known.contains(where: { $0.lowercased() == name.lowercased() }) else { return nil }
    return known.first { name.isMisspelling(of: $0) }.map {
      "'\(name)' is nearly '\($0)'; it is forgotten as it is spelled"
    }
  }

  /// Scenes that nobody objects to.
  static let scenes = [
    "people wearing clothes", "a family at dinner", "a street market", "a quiet landscape",
    "a classroom", "people at work", "a football match", "a city at night", "a wedding",
    "a garden", "a library", "children playing", "a mountain lake", "an office", "a concert",
    "a bowl of fruit", "a woman in a winter coat", "a man in a suit",
  ]
}
