// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchJSON

/// What came back for one row.
public struct BatchResult<Value: Sendable>: Sendable {
  /// The line's own id; some providers leave it out, and it may repeat. Join by ``customID``.
  public var id: String? { lazyID.text }
  /// The row's name; `""` when the server sent none.
  public let customID: String
  /// The answer, or why there is none.
  public let outcome: Result<Value, RowFailure>
  private let lazyID: LazyText

  /// Creates a result.
  public init(id: String? = nil, customID: String, outcome: Result<Value, RowFailure>) {
    self.init(lazyID: .text(id), customID: customID, outcome: outcome)
  }

  private init(lazyID: LazyText, customID: String, outcome: Result<Value, RowFailure>) {
    self.lazyID = lazyID
    self.customID = customID
    self.outcome = outcome
  }
}

extension BatchResult: Equatable where Value: Equatable {}
extension BatchResult: Hashable where Value: Hashable {}

extension BatchResult where Value == BatchResponse {
  /// Reads a line of an output or error file. Never fails: a line that cannot be read is a row that failed, under
  /// its name if the line still tells it.
  public init(line: JSONLine) {
    do throws(JSONFailure) {
      self.init(try line.parse(), line: line)
    } catch {
      let members = JSONValue.wholeMembers(of: line.bytes)
      func text(_ key: String) -> String? { members.first { $0.key == key }?.value.string }
      self.init(
        id: text("id"), customID: text("custom_id") ?? "",
        outcome: .failure(RowFailure(.invalid, "\(error)", raw: Array(line.bytes))))
    }
  }

  private init(_ value: JSONValue, line: JSONLine) {
    self = value.read { row in Self(row, of: value, line: line) }
  }

  private init(_ row: JSONView, of value: JSONValue, line: JSONLine) {
    let response = row["response"]
    let body = response?["body"].flatMap { $0.isNull ? nil : Self.body(value.value($0)) }
    let stated = response?["status_code"].flatMap { $0.isNull ? nil : $0 }
    var status = stated?.looseInt
    var error = row["error"].flatMap { $0.isNull ? nil : Self.error(value.value($0)) }
    if stated == nil, error == nil, let body, body.kind == .object {
      // A provider that leaves the status out still tells an error from an answer.
      error = body["error"].flatMap(Self.error)
      if error == nil { status = 200 }
    }
    let id = row["id"]
    let customID = row["custom_id"]?.string ?? ""
    if let status, let body, error == nil, 200..<300 ~= status {
      // The body keeps the document, unless it is a text's: what few callers ask for is read when they do.
      let keepsDocument = response?["body"]?.kind == body.kind
      func text(_ view: JSONView?) -> LazyText {
        if keepsDocument, let view { .value(value.value(view)) } else { .text(view?.string) }
      }
      let answer = BatchResponse(statusCode: status, requestID: text(response?["request_id"]), json: body)
      self.init(lazyID: text(id), customID: customID, outcome: .success(answer))
      return
    }
    let failure: RowFailure
    if let status, status >= 400 {
      let apiError = body.flatMap { APIError($0) } ?? error
      failure = RowFailure(
        .rejected, apiError?.message ?? "The endpoint answered with status \(status).", statusCode: status,
        apiError: apiError, raw: Array(line.bytes))
    } else if let error {
      failure = RowFailure(notRun: error, statusCode: status, raw: Array(line.bytes))
    } else {
      let reason = Self.fault(value, status: status, hasBody: body != nil)
      failure = RowFailure(.invalid, reason, statusCode: status, raw: Array(line.bytes))
    }
    self.init(id: id?.string, customID: customID, outcome: .failure(failure))
  }

  /// The body of a response; of one that was sent as the text of an object, that object.
  private static func body(_ value: JSONValue) -> JSONValue {
    guard value.kind == .string, let text = value.string,
      let object = try? JSONValue(parsing: Array(text.utf8)), object.kind == .object
    else { return value }
    return object
  }

  /// The error of a line; one that says nothing (`null`, `""`, `{}`, `{"code":null}`) is none.
  private static func error(_ value: JSONValue) -> APIError? {
    func isSilent(_ value: JSONValue) -> Bool { value.isNull || value.string?.isEmpty == true }
    if isSilent(value) || (value.kind == .object && value.members.allSatisfy { isSilent($0.value) }) {
      return nil
    }
    return APIError(value)
      ?? APIError(message: "The line's error is \(String(decoding: value.bytes.prefix(300), as: UTF8.self)).")
  }

  private static func fault(_ value: JSONValue, status: Int?, hasBody: Bool) -> String {
    guard value.kind == .object else { return "The line is not a JSON object." }
    guard let status else { return "The line has neither a status nor an error." }
    return hasBody
      ? "The line has status \(status), which is not an answer."
      : "The line has status \(status) and no body."
  }

  /// The same result with the answer decoded; an answer that does not fit is ``RowFailure/Kind/undecodable``.
  package func decoded<Decoded: Decodable & Sendable>(as type: Decoded.Type) -> BatchResult<Decoded> {
    let outcome = outcome.flatMap { response -> Result<Decoded, RowFailure> in
      do throws(JSONFailure) {
        return .success(try response.decode(as: type))
      } catch {
        return .failure(
          RowFailure(.undecodable, "\(error)", statusCode: response.statusCode, raw: response.body))
      }
    }
    return BatchResult<Decoded>(id: id, customID: customID, outcome: outcome)
  }

  /// The result of a row that came back in neither file.
  package static func missing(customID: String) -> Self {
    Self(
      customID: customID,
      outcome: .failure(RowFailure(.missing, "The row came back in neither the output nor the error file.")))
  }
}
