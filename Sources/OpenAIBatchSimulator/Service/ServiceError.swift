// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import HTTPTypes

/// A refusal in the service's shape: `{"error": {"message", "type", "param", "code"}}`.
struct ServiceError: Error, Sendable {
  var status = 400
  var message: String
  var type = "invalid_request_error"
  var param: String?
  var code: String?
  var headers = HTTPFields()

  var body: JSONNode {
    [
      "error": [
        "message": .string(message), "type": .string(type), "param": .optional(param),
        "code": .optional(code),
      ]
    ]
  }
}

extension ServiceError {
  static let missingKey = ServiceError(
    status: 401,
    message: "You didn't provide an API key. Send it in an Authorization header as a bearer token.")

  static let wrongKey = ServiceError(
    status: 401, message: "Incorrect API key provided.", code: "invalid_api_key")

  static let notJSON = ServiceError(message: "We could not parse the JSON body of your request.")

  static func unknownURL(_ method: String, _ path: String) -> ServiceError {
    ServiceError(status: 404, message: "Invalid URL (\(method) \(path))")
  }

  static func wrongMethod(_ method: String, _ path: String, allowed: String) -> ServiceError {
    ServiceError(status: 405, message: "Not allowed to \(method) on \(path).", headers: [.allow: allowed])
  }

  static func noBatch(_ id: String) -> ServiceError {
    ServiceError(status: 404, message: "No batch found with id '\(id)'.")
  }

  static func noFile(_ id: String) -> ServiceError {
    ServiceError(status: 404, message: "No such File object: \(id)", param: "id")
  }

  static func noUpload(_ id: String) -> ServiceError {
    ServiceError(status: 404, message: "No such Upload object: \(id)", param: "upload_id")
  }

  static func unknownCursor(_ id: String) -> ServiceError {
    ServiceError(
      message: "Invalid 'after': no object with id '\(id)'.", param: "after", code: "invalid_value")
  }

  static func missing(_ param: String) -> ServiceError {
    ServiceError(
      message: "Missing required parameter: '\(param)'.", param: param, code: "missing_required_parameter")
  }

  static func invalidType(_ param: String, expected: String) -> ServiceError {
    ServiceError(
      message: "Invalid type for '\(param)': expected \(expected).", param: param, code: "invalid_type")
  }

  static func invalidValue(_ param: String, _ value: String, supported: [String]) -> ServiceError {
    let values = supported.map { "'\($0)'" }.joined(separator: ", ")
    return ServiceError(
      message: "Invalid value for '\(param)': '\(value)'. Supported values are: \(values).", param: param,
      code: "invalid_value")
  }

  static func outOfRange(_ param: String, _ value: Int, _ range: ClosedRange<Int>) -> ServiceError {
    ServiceError(
      message: "Invalid '\(param)': \(value) is not between \(range.lowerBound) and \(range.upperBound).",
      param: param, code: value < range.lowerBound ? "integer_below_min_value" : "integer_above_max_value")
  }

  static func tooLarge(limit: Int, param: String = "file") -> ServiceError {
    ServiceError(
      status: 413, message: "The \(param) is too large: the limit is \(limit) bytes.", param: param)
  }

  static func invalidFileFormat(_ reason: String) -> ServiceError {
    ServiceError(message: "Invalid file format for Batch API: \(reason) It must be .jsonl.", param: "file")
  }

  static func server(_ reason: String) -> ServiceError {
    ServiceError(status: 500, message: "The simulator failed: \(reason)", type: "server_error")
  }

  /// What a service says that was told to fail.
  static func injected(
    status: Int, code: String?, message: String = "The simulator was told to fail this request.",
    retryAfter: Duration? = nil
  ) -> ServiceError {
    let type =
      switch status {
      case 429: code == "insufficient_quota" ? "insufficient_quota" : "requests"
      case 500...: "server_error"
      default: "invalid_request_error"
      }
    var error = ServiceError(
      status: status, message: message, type: type, code: code)
    if let retryAfter {
      error.headers[.retryAfter] = String(max(retryAfter.components.seconds, 0))
    }
    return error
  }
}
