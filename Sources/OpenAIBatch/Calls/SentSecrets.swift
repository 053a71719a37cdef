// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport
internal import Synchronization

/// The credentials that went out lately: a server that repeats what it was sent, as some proxies do, must not
/// get them into an error or a log.
final class SentSecrets: Sendable {
  private let values = Mutex<[String]>([])
  private static let capacity = 16
  /// Shorter ones are words: taking them out would garble what a server says.
  private static let leastLength = 8
  private static let harmless: Set<HTTPField.Name> = [
    .accept, .userAgent, .contentType, .range, .organization, .project,
  ]

  /// Ids of requests are there to be quoted.
  private static func isHarmless(_ name: HTTPField.Name) -> Bool {
    harmless.contains(name) || name.canonicalName.hasSuffix("request-id")
  }

  /// Remembers the values of an attempt's header fields that may be secret.
  func note(_ fields: HTTPFields) {
    for field in fields where !Self.isHarmless(field.name) {
      note(field.value.split(separator: " ").last.map(String.init) ?? "")
    }
  }

  /// Remembers the values of query items that were set for all calls or for one: some services want the key there.
  func note(_ query: [(name: String, value: String)]) {
    for item in query {
      note(item.value)
      note(PathSegment.encode(item.value))
    }
  }

  private func note(_ value: String) {
    guard value.utf8.count >= Self.leastLength else { return }
    values.withLock { values in
      guard values.last != value else { return }
      // The one that was used last stays longest.
      values.removeAll { $0 == value }
      values.append(value)
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

  /// The head with `<redacted>` in the place of each secret.
  func redacting(_ head: HTTPResponse) -> HTTPResponse {
    var head = head
    head.headerFields = HTTPFields(
      head.headerFields.map { HTTPField(name: $0.name, value: redacting($0.value)) })
    return head
  }
}
