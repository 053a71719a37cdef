// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJobs

/// The four operations of the service.
struct BatchesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "batches", abstract: "The raw operations on batches.",
    subcommands: [Create.self, Get.self, List.self, Cancel.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "create",
      abstract: "Creates a batch from an uploaded file. A lost answer makes no second one.")

    @Argument(help: "The uploaded file's id.")
    var fileID: String

    @Option(help: ArgumentHelp("The endpoint that every row names.", valueName: "path"))
    var endpoint: String

    @OptionGroup var creation: CreationOptions
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try output.target.check()
      let request = CreateBatchRequest(
        inputFileID: FileID(fileID), endpoint: BatchEndpoint(endpoint),
        completionWindow: CompletionWindow(creation.window), metadata: creation.pairs,
        outputExpiresAfter: creation.expiration)
      let key = creation.key.map { BatchKey($0) } ?? .automatic
      let batch = try await connection.makeClient().createBatch(
        request, key: key, lookBack: creation.lookBack.duration)
      try output.write(batch, text: BatchText.details)
    }
  }

  struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "Shows a batch.")

    @Argument(help: "The batch's id.")
    var id: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try output.target.check()
      let batch = try await connection.makeClient().retrieveBatch(BatchID(id))
      try output.write(batch, text: BatchText.details)
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Lists batches, newest first.")

    @Option(help: ArgumentHelp("Start after this batch.", valueName: "id"))
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
      let pageSize = all ? 100 : min(limit, 100)
      let batches = client.batches(after: after.map { BatchID($0) }, pageSize: pageSize)
      let last = try await output.writeAll(batches, limit: all ? nil : limit, text: BatchText.line)
      if let last { connection.say("More: openai-batch batches list --limit \(limit) --after \(last)") }
    }
  }

  struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "cancel",
      abstract: "Cancels a batch. Finished rows are delivered and billed.")

    @Argument(help: "The batch's id.")
    var id: String

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try output.target.check()
      let batch = try await connection.makeClient().cancelBatch(BatchID(id))
      try output.write(batch, text: BatchText.details)
    }
  }
}

extension OutputOptions {
  /// Writes items as they come.
  ///
  /// - Returns: The id of the last one, when there may be more.
  func writeAll<Item: Encodable & Identifiable & Sendable>(
    _ items: PagedSequence<Item, BatchClientError>, limit: Int?, text: @escaping (Item) -> String
  ) async throws -> Item.ID? where Item.ID: Sendable {
    var output = try openList(text: text)
    var rest = limit ?? .max
    for try await page in items.pages {
      for item in page.items.prefix(rest) { try output.write(item) }
      if page.items.count > rest || page.items.count == rest && page.next != nil {
        try output.finish()
        return page.items[rest - 1].id
      }
      rest -= page.items.count
    }
    try output.finish()
    return nil
  }
}
