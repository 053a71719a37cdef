// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchMiddleware
internal import OpenAIBatchModels
internal import OpenAIBatchTransport
internal import Synchronization

/// The credentials that went out lately: a server that repeats what it was sent, as some proxies do, must not
/// get them into an error or a log.
final class SentSecrets: Sendable {
  private let values = Mutex<[String]>([])
  private static let capacity = 64
  /// Shorter ones are words: taking them out would garble what a server says.
  private static let leastLength = 8

  /// Ids of requests are there to be quoted.
  private static func isHarmless(_ name: HTTPField.Name) -> Bool {
    switch name {
    case .accept, .userAgent, .contentType, .range, .organization, .project: true
    default: name.canonicalName.hasSuffix("request-id")
    }
  }

  /// Remembers the values of an attempt's header fields that may be secret: whole, and each part of them.
  func note(_ fields: HTTPFields) {
    for field in fields where !Self.isHarmless(field.name) && !isNoted(field.value) {
      note(field.value[...])
      for part in field.value.split(whereSeparator: { " ;,".contains($0) }) {
        note(part)
        if let sign = part.firstIndex(of: "=") { note(part[part.index(after: sign)...]) }
      }
    }
  }

  private func isNoted(_ value: String) -> Bool { values.withLock { $0.contains(value) } }

  /// Remembers the values of query items that were set for all calls or for one: some services want the key there.
  func note(_ query: [(name: String, value: String)]) {
    // A version is no secret, and what a service says of it helps.
    for item in query where item.name != "api-version" {
      note(item.value[...])
      note(PathSegment.encode(item.value)[...])
    }
  }

  private func note(_ value: Substring) {
    guard value.utf8.count >= Self.leastLength else { return }
    values.withLock { values in
      guard !values.contains(where: { $0 == value }) else { return }
      values.append(String(value))
      // One that is still in use is noted again with the next attempt.
      if values.count > Self.capacity { values.removeFirst() }
    }
  }

  /// The text with `<redacted>` in the place of each secret.
  func redacting(_ text: String) -> String {
    values.withLock { $0 }.reduce(text) { text, secret in
      text.contains(secret)
        ? text.split(separator: secret, omittingEmptySubsequences: false)
          .joined(separator: "<redacted>") : text
    }
  }

  /// The error with `<redacted>` in the place of each secret.
  func redacting(_ error: APIError) -> APIError {
    APIError(
      message: redacting(error.message), type: error.type.map { redacting($0) },
      param: error.param.map { redacting($0) }, code: error.code.map { ErrorCode(redacting($0.rawValue)) })
  }

  /// The head with `<redacted>` in the place of each secret.
  func redacting(_ head: HTTPResponse) -> HTTPResponse {
    var head = head
    head.headerFields = HTTPFields(
      head.headerFields.map { HTTPField(name: $0.name, value: redacting($0.value)) })
    return head
  }
}

/// Remembers what an attempt is sent with.
struct SecretNotingMiddleware: Middleware {
  let secrets: SentSecrets

  func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse {
    secrets.note(request.head.headerFields)
    return try await next(request, context)
  }
}
