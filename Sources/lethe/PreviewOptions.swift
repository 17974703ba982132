import ArgumentParser

/// The option of commands that say what they would do.
struct PreviewOptions: ParsableArguments {
  @Flag(
    help:
      "Preview: check model, options, judges, concepts and folder, time a step of the model, print what would be done and at most how long it takes, and stop."
  )
  var dryRun = false
}
