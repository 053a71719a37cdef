// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchJobs

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Makes files for several batches of one.
struct SplitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "split",
    abstract: "Splits a file of requests of any size into files that each fit one batch.",
    discussion: """
      By rows, bytes, embedding inputs, endpoints and models at once. Rows stay in order and are not changed. The \
      files are PREFIX-001.jsonl, PREFIX-002.jsonl and so on, and appear when all of them are written. The same \
      input gives the same files. Says on stdout what each of them has.
      """)

  @Argument(help: "A JSON Lines file of requests; - is stdin.")
  var input: String

  @Option(name: [.customShort("o"), .customLong("output")], help: "What the names of the files begin with.")
  var prefix: String

  @Flag(help: "Replace existing files.")
  var overwrite = false

  @Option(help: "text, json or jsonl; by default text on a terminal, jsonl in a pipe or a file.")
  var format: OutputOptions.Format?

  @OptionGroup(title: "Limits") var limits: LimitOptions
  @OptionGroup var messages: MessageOptions

  /// A written file as a line of data.
  private struct Part: Encodable {
    let file: String
    let endpoint: String
    let model: String
    let rows: Int
    let bytes: Int64
    let embeddingInputs: Int
    let firstLine: Int

    private enum CodingKeys: String, CodingKey {
      case file, endpoint, model, rows, bytes
      case embeddingInputs = "embedding_inputs"
      case firstLine = "first_line"
    }

    var text: String {
      "\(file): \(BatchText.count(rows, "row")), \(BatchText.size(bytes)), \(endpoint), model \(model)"
    }
  }

  func run() throws {
    Signals.leaveNothingBehind()
    let source = try InputFile(input)
    let plan = try Self.plan(source, limits.limits)
    let names = ShardNames(prefix: prefix, count: plan.shards.count)
    // A file of an earlier, longer split would be taken for one of this.
    guard !OutputFile.exists(names.next) else {
      throw CommandProblem(
        status: .local,
        message: """
          \(names.next) is there, as if from an earlier split; remove it, or choose another prefix. Nothing was \
          written.
          """)
    }
    for name in names.all {
      let isInput = OutputFile.replaces(source.path, at: name)
      guard isInput || !overwrite && OutputFile.exists(name) else { continue }
      let advice = isInput ? "is the input itself; choose" : "is there already; --overwrite, or choose"
      throw CommandProblem(
        status: .local, message: "\(name) \(advice) another prefix. Nothing was written.")
    }
    try write(plan, names.all)
    // Behind this the files stay, whoever reads the list.
    try list(plan, names.all)
    messages.say(
      "\(source.name): \(BatchText.count(plan.input.rows, "row")) in \(BatchText.count(plan.shards.count, "file"))"
    )
  }

  /// Writes all files before the first of them appears: some would look like all.
  private func write(_ plan: JobPlan, _ names: [String]) throws {
    Self.allowOpenFiles(names.count)
    let files = try zip(plan.shards, names).map { try plan.unfinishedFile(of: $0, at: $1) }
    try OutputFile.commit(files, replacing: overwrite)
  }

  /// Each file is open, and locked, until all are written.
  private static func allowOpenFiles(_ count: Int) {
    var limit = rlimit()
    #if canImport(Glibc)
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
    let kind = RLIMIT_NOFILE
    #endif
    guard getrlimit(kind, &limit) == 0 else { return }
    let wanted = rlim_t(count) + 64
    guard limit.rlim_cur < wanted else { return }
    limit.rlim_cur = min(wanted, limit.rlim_max)
    _ = setrlimit(kind, &limit)
  }

  private func list(_ plan: JobPlan, _ names: [String]) throws {
    var list = ListOutput<Part>(
      .standard, format ?? .forStandardOutput, text: \.text)
    for (shard, name) in zip(plan.shards, names) {
      try list.write(
        Part(
          file: name, endpoint: shard.endpoint.rawValue, model: shard.model, rows: shard.rows,
          bytes: shard.bytes, embeddingInputs: shard.embeddingInputs, firstLine: shard.firstLine))
    }
    try list.finish()
  }

  private static func plan(_ source: InputFile, _ limits: RequestFile.Limits) throws -> JobPlan {
    do throws(BatchClientError) {
      return try JobPlan(input: source.path, limits: limits) { (file) throws(BatchClientError) in
        try file.requireValid(named: source.name)
      }
    } catch {
      guard error.kind == .invalidRequest else { throw error }
      throw CommandProblem(
        status: .usage, message: "The input has problems; nothing was written.\n\(error.message)")
    }
  }
}

/// The names of the files that a split makes: `PREFIX-001.jsonl`, with three digits or as many as it takes.
struct ShardNames {
  let prefix: String
  let count: Int

  /// All names.
  var all: [String] { (0..<count).map { name($0 + 1) } }

  /// The name that would come next: it is there when an earlier split had more files.
  var next: String { name(count + 1) }

  private func name(_ number: Int) -> String {
    let width = max(3, String(count).count)
    let digits = String(number)
    let padding = String(repeating: "0", count: max(0, width - digits.count))
    return "\(Self.withoutExtension(prefix))\(prefix.hasSuffix("/") ? "" : "-")\(padding)\(digits).jsonl"
  }

  static func withoutExtension(_ path: String) -> String {
    path.hasSuffix(".jsonl") ? String(path.dropLast(6)) : path
  }
}
