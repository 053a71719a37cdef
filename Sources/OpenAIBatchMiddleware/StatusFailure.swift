// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchTransport

/// An answer with a status other than 2xx, with what a policy or a person needs of it.
public struct StatusFailure: Error, Sendable {
  /// The HTTP status.
  public let status: Int
  /// The service's error code, such as `rate_limit_exceeded`, where the body had one.
  public let code: String?
  /// Whether the code says that money is missing; such a failure is never retried.
  public let isBilling: Bool
  /// The service's id of the request (`x-request-id`): quote it to support.
  public let requestID: String?
  /// The `retry-after-ms` header.
  public let retryAfterMilliseconds: String?
  /// The `Retry-After` header.
  public let retryAfter: String?
  /// The `x-should-retry` header, when it is `true` or `false`.
  public let shouldRetry: Bool?
  /// The `Location` header of a redirect.
  public let location: String?
  /// The beginning of the body, at most 4 KiB.
  public let body: [UInt8]
  /// What the answer says of the room that is left.
  let rateLimit: RateLimitReport?

  /// Creates a failure from a response's head and the beginning of its body.
  public init(head: HTTPResponse, body: [UInt8], code: String?, isBilling: Bool) {
    status = head.status.code
    self.code = code
    self.isBilling = isBilling
    self.body = Array(body.prefix(4096))
    requestID = head.headerFields[.requestID]
    retryAfterMilliseconds = head.headerFields[.retryAfterMilliseconds]
    retryAfter = head.headerFields[.retryAfter]
    shouldRetry = head.headerFields[.shouldRetry].flatMap { Bool($0.lowercased()) }
    location = head.headerFields[.location]
    rateLimit = RateLimitReport(head.headerFields)
  }

  /// How long the server asks to wait, if it does.
  ///
  /// - Parameter date: The wall clock's seconds since 1970, for a hint that is a date.
  public func retryHint(at date: Double) -> RetryHint? {
    RetryHint(milliseconds: retryAfterMilliseconds, retryAfter: retryAfter, now: date)
  }
}

extension StatusFailure: CustomStringConvertible, CustomReflectable {
  /// Status, code and request id; not the body, which may repeat a secret, nor the location, which may be one.
  public var description: String {
    "status \(status)" + (code.map { " \($0)" } ?? "") + (requestID.map { " (request id \($0))" } ?? "")
  }

  /// Shows what ``description`` does.
  public var customMirror: Mirror {
    Mirror(
      self, children: ["status": status, "code": code as Any, "requestID": requestID as Any],
      displayStyle: .struct)
  }
}

extension HTTPField.Name {
  /// `x-request-id`
  package static let requestID = name("x-request-id")
  /// `retry-after-ms`
  package static let retryAfterMilliseconds = name("retry-after-ms")
  /// `x-should-retry`
  package static let shouldRetry = name("x-should-retry")

  private static func name(_ text: String) -> HTTPField.Name {
    // The literals above are valid tokens: the fallback only spares a force unwrap.
    HTTPField.Name(text) ?? .retryAfter
  }
}
