// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchModels
internal import OpenAIBatchTransport

/// The one pass over a file of request lines.
struct RequestCheck {
  private(set) var file: RequestFile
  private let scope: RequestFile.Scope
  private let limits: RequestFile.Limits
  private let source: RandomAccessFile
  private var endpoint: [UInt8]?
  private var groups = RequestGroups()
  private var ids = CustomIDTable()
  private var earlier = EarlierRows()
  /// The problems of the line that is looked at.
  private var found: [RequestFile.Problem] = []
  /// Whether problems that are not kept are of use to anybody.
  private var isHeard = false

  init(
    path: String, scope: RequestFile.Scope, limits: RequestFile.Limits, endpoint: BatchEndpoint?
  ) throws(FileFailure) {
    file = RequestFile(path: path, endpoint: endpoint)
    self.scope = scope
    self.limits = limits
    self.endpoint = endpoint.map { Array($0.rawValue.utf8) }
    source = try RandomAccessFile(path: path)
    guard source.length < CustomIDTable.endOfPlaces else {
      throw FileFailure(path: path, reason: "is larger than 1 TiB")
    }
  }

  /// - Returns: Whether the file was read to its end; false when the task was cancelled.
  mutating func run(
    hash: (ArraySlice<UInt8>) -> UInt64, onRow: (RequestRow) -> Void,
    onProblem: ((RequestFile.Problem) -> Void)?
  ) throws(FileFailure) -> Bool {
    let bytes = try FileBytes(path: file.path, range: 0..<Int64.max, expecting: source.version)
    isHeard = onProblem != nil
    file.bytes = bytes.length
    file.version = source.version
    var lines = JSONLineSplitter()
    var isAtEnd = false
    while !isAtEnd {
      if Task.isCancelled { return false }
      if let chunk = try bytes.next() { lines.append(chunk) } else { isAtEnd = true }
      while let line = isAtEnd ? lines.finish() : lines.next() {
        if file.rows == 0, lines.hadByteOrderMark {
          report(
            1, .invalidJSONLine,
            "The file begins with a byte order mark (EF BB BF); save it as UTF-8 without.")
        }
        file.rows += 1
        file.longestRow = max(file.longestRow, line.range.count)
        earlier.pass(line)
        let row = try check(line, hash)
        if found.isEmpty {
          if let row { onRow(row) }
        } else {
          handOver(onProblem)
        }
        if isAtEnd { break }
      }
    }
    checkWhole()
    // What concerns the whole comes first.
    file.problems = Array((found + file.problems).prefix(RequestFile.maximumProblems))
    for problem in found { onProblem?(problem) }
    return true
  }

  private mutating func report(
    _ line: Int?, _ code: ErrorCode, _ message: String, earlierLine: Int? = nil
  ) {
    file.problemCount += 1
    found.append(.init(line: line, earlierLine: earlierLine, code: code, message: message))
  }

  private mutating func handOver(_ onProblem: ((RequestFile.Problem) -> Void)?) {
    for problem in found {
      onProblem?(problem)
      if file.problems.count < RequestFile.maximumProblems { file.problems.append(problem) }
    }
    found.removeAll(keepingCapacity: true)
  }

  private mutating func checkWhole() {
    if file.rows == 0 { report(nil, "empty_file", "The file has no rows.") }
    guard scope == .oneBatch else { return }
    if file.rows > limits.rows {
      report(nil, "too_many_tasks", "The file has \(file.rows) rows; a batch takes at most \(limits.rows).")
    }
    if file.bytes > limits.bytes {
      report(
        nil, "file_too_large", "The file has \(file.bytes) bytes; a batch takes at most \(limits.bytes).")
    }
    if file.embeddingInputs > limits.embeddingInputs {
      report(
        nil, "too_many_inputs",
        "The rows have \(file.embeddingInputs) inputs; a batch takes at most \(limits.embeddingInputs).")
    }
  }
}

// MARK: One row

extension RequestCheck {
  private mutating func check(
    _ line: JSONLine, _ hash: (ArraySlice<UInt8>) -> UInt64
  ) throws(FileFailure) -> RequestRow? {
    guard let members = read(line) else { return nil }
    if let name = members.repeated {
      report(line.number, "duplicate_key", "\(name) stands twice in the row; leave one out")
    }
    try checkID(members.customID, line, hash)
    if members.method?.content.elementsEqual("POST".utf8) != true {
      let value = members.method.map { "is \(($0.string ?? "").prefix(20).debugDescription)" } ?? "is missing"
      report(line.number, "invalid_method", "method \(value); it must be \"POST\"")
    }
    let url = checkedURL(members.url, line.number)
    guard members.body?.isObject == true else {
      report(line.number, "missing_required_parameter", "body must be a JSON object")
      return nil
    }
    if let stream = members.stream, !stream.isOff {
      report(line.number, "streaming_unsupported", "body.stream is not possible in a batch; leave it out")
    }
    guard let model = checkedModel(members.model, line.number), let url else { return nil }
    return row(line, url, model, members)
  }

  private mutating func read(_ line: JSONLine) -> RequestMembers? {
    do throws(JSONFailure) {
      return try RequestMembers(line)
    } catch {
      guard let offset = error.offset else {
        report(line.number, .invalidJSONLine, error.message)
        return nil
      }
      let isUTF16 =
        line.number == 1 && (line.bytes.starts(with: [0xFF, 0xFE]) || line.bytes.starts(with: [0xFE, 0xFF]))
      let advice = isUTF16 ? "; this looks like UTF-16, save the file as UTF-8" : ""
      report(line.number, .invalidJSONLine, "not valid JSON at byte \(offset): \(error.message)\(advice)")
      return nil
    }
  }

  private mutating func checkID(
    _ id: JSONLiteral?, _ line: JSONLine, _ hash: (ArraySlice<UInt8>) -> UInt64
  ) throws(FileFailure) {
    guard let id, id.isText else {
      return report(
        line.number, "missing_required_parameter", "custom_id must be a text that is not empty")
    }
    let place = Int64(line.range.lowerBound + id.bytes.startIndex - line.bytes.startIndex)
    let content = id.content
    let first = try ids.insert(hash: hash(content), place: place) { [source] place throws(FileFailure) in
      try EarlierRows.text(at: place, in: source)?.content.elementsEqual(content) == true
    }
    guard let first else { return }
    // Finding the line takes a read of up to a quarter of a megabyte.
    let isWanted = isHeard || file.problems.count + found.count < RequestFile.maximumProblems
    let number = isWanted ? try earlier.line(at: first, in: source) : nil
    report(
      line.number, .duplicateCustomID,
      "custom_id \"\((id.string ?? "").prefix(80))\" is used already\(number.map { " on line \($0)" } ?? "")",
      earlierLine: number)
  }

  private mutating func checkedURL(_ url: JSONLiteral?, _ line: Int) -> JSONLiteral? {
    guard let url, url.isText else {
      report(
        line, "missing_required_parameter", "url must be the batch's endpoint, such as /v1/responses")
      return nil
    }
    if file.endpoint == nil { file.endpoint = url.string.map { BatchEndpoint($0) } }
    let content = url.content
    if endpoint == nil, scope == .oneBatch { endpoint = Array(content) }
    if let endpoint, !content.elementsEqual(endpoint) {
      report(
        line, "invalid_url",
        "url is \"\((url.string ?? "").prefix(80))\"; the batch's endpoint is \"\(file.endpoint ?? "")\"")
      return nil
    }
    return url
  }

  private mutating func checkedModel(_ model: JSONLiteral?, _ line: Int) -> JSONLiteral? {
    guard let model, model.isText else {
      report(line, "missing_required_parameter", "body.model must name a model")
      return nil
    }
    guard let first = file.model else {
      file.model = model.string
      return model
    }
    if scope == .oneBatch, !model.content.elementsEqual(first.utf8) {
      report(
        line, "mismatched_model",
        "body.model is \"\((model.string ?? "").prefix(80))\"; the first row's is \"\(first.prefix(80))\"")
      return nil
    }
    return model
  }

  private mutating func row(
    _ line: JSONLine, _ url: JSONLiteral, _ model: JSONLiteral, _ members: RequestMembers
  ) -> RequestRow? {
    guard let group = groups.number(endpoint: url, model: model) else {
      report(
        line.number, "too_many_models",
        "more than \(RequestGroups.limit) pairs of endpoint and model; make several files")
      return nil
    }
    var inputs = 0
    if groups.endpoint(group) == BatchEndpoint.embeddings.rawValue {
      inputs = members.embeddingInputs
      file.embeddingInputs += inputs
    }
    if scope == .severalBatches {
      if inputs > limits.embeddingInputs {
        report(
          line.number, "too_many_inputs",
          "the row has \(inputs) inputs; a batch takes at most \(limits.embeddingInputs)")
      }
      if line.range.count > limits.bytes {
        report(
          line.number, "file_too_large",
          "the row has \(line.range.count) bytes; a batch takes at most \(limits.bytes)")
      }
    }
    return RequestRow(
      line: line.number, range: Int64(line.range.lowerBound)..<Int64(line.range.upperBound),
      endpoint: groups.endpoint(group), model: groups.model(group), group: group, embeddingInputs: inputs)
  }
}
