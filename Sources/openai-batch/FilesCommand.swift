// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJobs

/// The raw operations on files.
struct FilesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "files", abstract: "The raw operations on files.",
    subcommands: [Upload.self, Get.self, List.self, Delete.self, Content.self, GarbageCollection.self])

  // Each command says its name: the parser would spend milliseconds of every start on reading it from the type.
  struct Upload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "upload", abstract: "Uploads a file, streamed from disk.")

    @Argument(help: "The file's path.")
    var path: String

    @Option(help: "What it is for.")
    var purpose = "batch"

    @Option(help: "The file name to send to the service; by default its own.")
    var name: String?

    @Option(help: ArgumentHelp("When the service deletes it: 1h to 30d.", valueName: TimeSpan.form))
    var expiresAfter: TimeSpan?

    @Flag(help: "Send parts, of which each can be sent again; files over 512 MB are sent so anyway.")
    var inParts = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try output.target.check()
      guard path != "-" else {
        throw CommandProblem(
          status: .usage, message: "stdin cannot be uploaded: its length is not known. Name a file.")
      }
      try InputFile.requireReadable(path)
      let file = try await connection.makeClient().uploadFile(
        at: path, named: name, purpose: FilePurpose(purpose),
        expiresAfter: expiresAfter.map { FileExpiration(seconds: $0.seconds) },
        method: inParts ? .parts() : .automatic, progress: connection.showing(path))
      Console.live("")
      try output.write(file, text: BatchText.line)
    }
  }

  struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "Shows a file.")

    @Argument(help: "The file's id.")
    var id: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try output.target.check()
      let file = try await connection.makeClient().retrieveFile(FileID(id))
      try output.write(file, text: BatchText.line)
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Lists files, newest first.")

    @Option(help: "Only files for this purpose.")
    var purpose: String?

    @Option(help: ArgumentHelp("Start after this file.", valueName: "id"))
    var after: String?

    @Option(help: "How many: 1 or more.")
    var limit = 20

    @Flag(help: "All of them.")
    var all = false

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
      guard limit > 0 else { throw ValidationError("--limit is \(limit); it must be 1 or more.") }
    }

    func run() async throws {
      try output.target.check()
      let client = try connection.makeClient()
      let files = client.files(
        purpose: purpose.map { FilePurpose($0) }, after: after.map { FileID($0) },
        pageSize: all ? 1000 : min(limit, 1000))
      let last = try await output.writeAll(files, limit: all ? nil : limit, text: BatchText.line)
      let only = purpose.map { " --purpose \(ShellWord.quoted($0))" } ?? ""
      if let last { connection.say("More: openai-batch files list\(only) --limit \(limit) --after \(last)") }
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Deletes a file.")

    @Argument(help: "The file's id.")
    var id: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try output.target.check()
      let deletion = try await connection.makeClient().deleteFile(FileID(id))
      try output.write(deletion) { "\($0.id) \($0.deleted ? "deleted" : "not deleted")" }
      if !deletion.deleted { throw ExitStatus.Exit(status: .refused) }
    }
  }

  struct Content: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "content", abstract: "Downloads a file's content.")

    @Argument(help: "The file's id.")
    var id: String

    @OptionGroup var target: TargetOptions

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
      Signals.leaveNothingBehind()
      let client = try connection.makeClient()
      let output = target.output
      guard output != "-" else {
        for try await chunk in client.content(of: FileID(id)) { try Console.write(chunk) }
        return
      }
      try target.check()
      let count = try await client.downloadFile(
        FileID(id), to: output, overwriting: target.overwrite, progress: connection.showing(output))
      Console.live("")
      connection.say("\(output): \(BatchText.size(Int64(count)))")
    }
  }
}
