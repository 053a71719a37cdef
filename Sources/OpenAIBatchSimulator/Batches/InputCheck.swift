// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchTransport

/// Checks an input file line by line, as the service does while a batch is `validating`.
struct InputCheck {
  /// The most errors that are reported; a check that has found so many stops.
  static let maximumErrors = 100
  /// The most rows of one batch, and the most embedding inputs.
  static let maximumRows = 50_000

  private let endpoint: String
  private let models: Set<String>?
  private let reader: StoredFileReader
  private var rows: [InputPlan.Row] = []
  private var embeddingInputs = 0
  private var bodyBytes = 0
  private var model: String?
  private var errors: [BatchInputError] = []
  /// The first row with a `custom_id` of this hash. The ids themselves stay on disk.
  private var rowsByID: [Int: Int] = [:]

  private init(endpoint: String, models: Set<String>?, reader: StoredFileReader) {
    self.endpoint = endpoint
    self.models = models
    self.reader = reader
  }

  /// Reads `file` once and decides.
  static func check(
    _ file: StoredFile, endpoint: String, models: Set<String>?
  ) async throws(FileFailure) -> Result<InputPlan, InputRefusal> {
    let reader = try file.open()
    var check = InputCheck(endpoint: endpoint, models: models, reader: reader)
    var lines = LineScanner(reader)
    while check.errors.count < maximumErrors, let line = try lines.next() {
      guard check.rows.count < maximumRows else {
        check.errors = [.tooManyTasks("more than \(maximumRows) requests")]
        break
      }
      do throws(BatchInputError) {
        try check.add(line)
      } catch {
        check.errors.append(error)
      }
      if line.number.isMultiple(of: 1_000) { await Task.yield() }
    }
    return check.verdict
  }

  private var verdict: Result<InputPlan, InputRefusal> {
    if rows.isEmpty, errors.isEmpty {
      return .failure(
        InputRefusal([BatchInputError(code: "empty_file", message: "The input file has no requests.")]))
    }
    if errors.isEmpty, embeddingInputs > Self.maximumRows {
      return .failure(InputRefusal([.tooManyTasks("more than \(Self.maximumRows) embedding inputs")]))
    }
    guard errors.isEmpty else { return .failure(InputRefusal(errors)) }
    return .success(InputPlan(rows: rows, model: model, inputTokens: bodyBytes / 4))
  }

  private mutating func add(_ line: LineScanner.Line) throws(BatchInputError) {
    let row = InputPlan.Row(offset: line.offset, length: line.length, line: line.number)
    // A bad row counts, too: the limit is on lines.
    rows.append(row)
    guard let bytes = line.bytes, let value = try? JSONValue(parsing: bytes), value.kind == .object else {
      throw BatchInputError(
        code: "invalid_json_line", message: "This line is not parseable as valid JSON.", line: line.number)
    }
    let fields = value.fields
    let customID = try Self.text("custom_id", of: fields, line: line.number)
    let method = try Self.text("method", of: fields, line: line.number)
    let url = try Self.text("url", of: fields, line: line.number)
    guard let body = fields["body"], !body.isNull else {
      throw .missing("body", line: line.number)
    }
    guard method == "POST" else {
      throw BatchInputError(
        code: "invalid_method", message: "The method must be POST.", param: "method", line: line.number)
    }
    guard url == endpoint else {
      throw BatchInputError(
        code: "invalid_url", message: "The URL provided for this request does not match the batch endpoint.",
        param: "url", line: line.number)
    }
    try check(body, line: line.number)
    try noteUnique(customID, line: line.number)
  }

  private static func text(
    _ key: String, of fields: [String: JSONValue], line: Int
  ) throws(BatchInputError) -> String {
    guard let member = fields[key], !member.isNull else { throw .missing(key, line: line) }
    guard let text = member.string else {
      throw .invalid(key, "Invalid type for '\(key)': expected a string.", line: line)
    }
    guard !text.isEmpty else { throw .missing(key, line: line) }
    return text
  }

  private mutating func check(_ body: JSONValue, line: Int) throws(BatchInputError) {
    guard body.kind == .object else { throw .invalid("body", "The body must be an object.", line: line) }
    let fields = body.fields
    guard let name = fields["model"]?.string, !name.isEmpty else {
      throw .invalid("body.model", "You must provide a model parameter.", line: line)
    }
    if let models, !models.contains(name) {
      throw BatchInputError(
        code: "model_not_found", message: "The model '\(name)' does not exist or cannot be used in a batch.",
        param: "body.model", line: line)
    }
    if let model, model != name {
      throw BatchInputError(
        code: "mismatched_model",
        message: "The model '\(name)' differs from the first request's: all requests must use one model.",
        param: "body.model", line: line)
    }
    model = name
    let required = Self.requiredParameters(of: endpoint)
    if let first = required.first, !required.contains(where: { fields[$0]?.isNull == false }) {
      throw .invalid("body.\(first)", "Missing required parameter: '\(first)'.", line: line)
    }
    if fields["stream"]?.bool == true {
      throw BatchInputError(
        code: "streaming_unsupported", message: "Streaming is not supported in a batch.",
        param: "body.stream",
        line: line)
    }
    bodyBytes += body.bytes.count
    if endpoint == "/v1/embeddings", let input = fields["input"] {
      let elements = input.elements
      embeddingInputs += elements.isEmpty || elements[0].kind == .number ? 1 : elements.count
    }
  }

  /// The parameters of which a body needs one.
  private static func requiredParameters(of endpoint: String) -> [String] {
    switch endpoint {
    case "/v1/chat/completions": ["messages"]
    case "/v1/responses": ["input", "prompt"]
    case "/v1/embeddings", "/v1/moderations": ["input"]
    default: ["prompt"]
    }
  }

  private mutating func noteUnique(_ customID: String, line: Int) throws(BatchInputError) {
    let hash = customID.hashValue
    guard let earlier = rowsByID[hash] else {
      rowsByID[hash] = rows.count - 1
      return
    }
    // Equal hashes are nearly always equal ids; reading the earlier line again makes it certain.
    let row = rows[earlier]
    guard let bytes = try? reader.read(row.length, at: row.offset),
      let value = try? JSONValue(parsing: bytes),
      value["custom_id"]?.string == customID
    else { return }
    throw BatchInputError(
      code: "duplicate_custom_id",
      message: "The custom_id '\(customID.prefix(128))' was already used on line \(row.line).",
      param: "custom_id", line: line)
  }
}

/// Why an input file was refused; at least one error.
struct InputRefusal: Error {
  let errors: [BatchInputError]

  init(_ errors: [BatchInputError]) {
    self.errors = errors
  }
}

/// An input file that passed its check: where its rows are, and what they have in common.
struct InputPlan: Sendable {
  /// A row's place in the file.
  struct Row: Sendable {
    let offset: Int
    let length: Int
    let line: Int
  }

  let rows: [Row]
  let model: String?
  /// An estimate: a quarter of the bodies' bytes.
  let inputTokens: Int
}

extension BatchInputError {
  fileprivate static func missing(_ param: String, line: Int) -> BatchInputError {
    BatchInputError(
      code: "missing_required_parameter", message: "Missing required parameter: '\(param)'.", param: param,
      line: line)
  }

  fileprivate static func invalid(_ param: String, _ message: String, line: Int) -> BatchInputError {
    BatchInputError(code: "invalid_request", message: message, param: param, line: line)
  }

  fileprivate static func tooManyTasks(_ count: String) -> BatchInputError {
    BatchInputError(code: "too_many_tasks", message: "The batch has \(count).")
  }
}
