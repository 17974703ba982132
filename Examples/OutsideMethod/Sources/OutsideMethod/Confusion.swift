import Lethe

/// The share of pictures in which the judge sees another object than was asked for.
public struct Confusion: Metric {
  public static let name = "confusion"
  public static let title = "Confused objects"
  public static let better = Better.lower
  public init() {}

  public func measure(
    _ pictures: JudgedSet, forgotten: Forgotten, reference: JudgedSet?
  ) -> MeasuredValue? {
    let wrong = zip(pictures.asked, pictures.seen).filter { $0["object"] != $1["object"] }
    return .share(Self.name, wrong.count, of: pictures.count)
  }
}
