/// Whether this process writes the files of the run that it works on. Of several ranks the first one does, and each one
/// those of its own share; what the others write is dropped.
package enum WriteTurn {
  @TaskLocal package static var isMine = true
}
