// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A request as the server saw it.
package struct RecordedRequest: Sendable {
  package var method: String
  /// The request target as it was sent: path and query.
  package var target: String
  /// Header fields in order, names as they were sent.
  package var headers: [(name: String, value: String)]
  package var body: [UInt8] = []

  init(head: String) {
    var lines = head.split(separator: "\r\n", omittingEmptySubsequences: true)
    let parts = lines.isEmpty ? [] : lines.removeFirst().split(separator: " ")
    method = parts.first.map(String.init) ?? ""
    target = parts.dropFirst().first.map(String.init) ?? ""
    headers = lines.map { line in
      let pair = line.split(separator: ":", maxSplits: 1)
      return (String(pair.first ?? ""), pair.count > 1 ? String(pair[1].drop { $0 == " " }) : "")
    }
  }

  /// The first value of a header, its name in any case.
  package func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  /// The body as text.
  package var text: String { String(decoding: body, as: UTF8.self) }
}

/// What a well-behaved server answers.
package struct LoopbackAnswer: Sendable {
  package var status: Int
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]

  package init(_ status: Int = 200, headers: [(String, String)] = [], body: String = "") {
    self.init(status, headers: headers, body: Array(body.utf8))
  }

  package init(_ status: Int = 200, headers: [(String, String)] = [], body: [UInt8]) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// An answer with a JSON body.
  package static func json(_ text: String, status: Int = 200, headers: [(String, String)] = []) -> Self {
    Self(status, headers: headers + [("Content-Type", "application/json")], body: text)
  }

  func serialized(isHead: Bool) -> [UInt8] {
    var text = "HTTP/1.1 \(status) Status\r\nContent-Length: \(body.count)\r\n"
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    return Array((text + "\r\n").utf8) + (isHead ? [] : body)
  }
}
