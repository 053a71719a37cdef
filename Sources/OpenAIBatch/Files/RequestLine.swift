// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchJSON
package import OpenAIBatchTransport

/// The parts of one request line, as they stand there.
package struct RequestLine: Sendable {
  /// The row's name; `nil` when it is missing or not a text.
  package let customID: String?
  /// `POST` in a valid line.
  package let method: String?
  /// The endpoint in a valid line.
  package let url: String?
  /// The endpoint's parameters.
  package let body: JSONValue?

  /// Reads the parts of a JSON object.
  package init(_ row: JSONValue) {
    customID = row["custom_id"]?.string
    method = row["method"]?.string
    url = row["url"]?.string
    body = row["body"]
  }

  /// Reads a file's rows in order, leaving out blank lines and lines that are not JSON.
  package static func forEach(
    in path: String, _ body: (_ line: Int, RequestLine) throws(FileFailure) -> Void
  ) throws(FileFailure) {
    let file = try FileBytes(path: path)
    var lines = JSONLineSplitter()
    func visit(_ line: JSONLine) throws(FileFailure) {
      if let row = try? line.parse() { try body(line.number, RequestLine(row)) }
    }
    while let chunk = try file.next() {
      lines.append(chunk)
      while let line = lines.next() { try visit(line) }
    }
    if let line = lines.finish() { try visit(line) }
  }
}
