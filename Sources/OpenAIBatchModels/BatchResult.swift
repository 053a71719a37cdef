// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchJSON

/// What came back for one row.
public struct BatchResult<Value: Sendable>: Sendable {
  /// The line's own id; some providers leave it out, and it may repeat. Join by ``customID``.
  public let id: String?
  /// The row's name; `""` when the server sent none.
  public let customID: String
  /// The answer, or why there is none.
  public let outcome: Result<Value, RowFailure>

  /// Creates a result.
  public init(id: String? = nil, customID: String, outcome: Result<Value, RowFailure>) {
    self.id = id
    self.customID = customID
    self.outcome = outcome
  }
}

extension BatchResult where Value == BatchResponse {
  /// Reads a line of an output or error file. Never fails: a line that cannot be read is a row that failed.
  public init(line: JSONLine) {
    do throws(JSONFailure) {
      self.init(try line.parse(), raw: Array(line.bytes))
    } catch {
      self.init(customID: "", outcome: .failure(RowFailure(.invalid, "\(error)", raw: Array(line.bytes))))
    }
  }

  private init(_ value: JSONValue, raw: [UInt8]) {
    let response = value["response"].flatMap { $0.kind == .object ? $0 : nil }
    let error = value["error"].flatMap { $0.isNull ? nil : $0 }
    let status = response?["status_code"].flatMap { $0.int ?? $0.string.flatMap(Int.init) }
    let body = response?["body"]
    let outcome: Result<BatchResponse, RowFailure>
    if let status, status >= 400 {
      let apiError = body.flatMap { APIError($0) } ?? error.flatMap { APIError($0) }
      outcome = .failure(
        RowFailure(
          .rejected, apiError?.message ?? "The endpoint answered with status \(status).", statusCode: status,
          apiError: apiError, raw: raw))
    } else if let error {
      outcome = .failure(RowFailure(notRun: error, raw: raw))
    } else if let status, 200..<300 ~= status, let body {
      outcome = .success(
        BatchResponse(statusCode: status, requestID: response?["request_id"]?.string, json: body))
    } else {
      let reason =
        value.kind != .object
        ? "The line is not a JSON object."
        : status.map { "The line has status \($0) and no answer." }
          ?? "The line has neither an answer nor an error."
      outcome = .failure(RowFailure(.invalid, reason, statusCode: status, raw: raw))
    }
    self.init(id: value["id"]?.string, customID: value["custom_id"]?.string ?? "", outcome: outcome)
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
}

extension BatchResult where Value == BatchResponse {
  /// The result of a row that came back in neither file.
  package static func missing(customID: String) -> Self {
    Self(
      customID: customID,
      outcome: .failure(RowFailure(.missing, "The row came back in neither the output nor the error file.")))
  }
}
