// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

package import OpenAIBatchJSON
package import OpenAIBatchTransport

/// A line of a file of rows, with its name.
package struct RequestLine: Sendable {
  /// The line's number in the file, counted from 1.
  package let number: Int
  /// The row's name; `nil` when it is missing or not a text.
  package let customID: String?

  /// Reads the name from a JSON object.
  init(_ row: JSONValue, number: Int) {
    self.number = number
    customID = row["custom_id"]?.string
  }
}

/// The rows of a file in order, one at a time; blank lines and lines that are not JSON are left out.
package struct RequestLineReader: ~Copyable {
  private let file: FileBytes
  private var splitter = JSONLineSplitter()
  private var isAtEnd = false

  /// Opens a file.
  package init(path: String) throws(FileFailure) {
    file = try FileBytes(path: path)
  }

  /// The next row; `nil` at the end.
  package mutating func next() throws(FileFailure) -> RequestLine? {
    while let line = try nextLine() {
      if let row = try? line.parse() { return RequestLine(row, number: line.number) }
    }
    return nil
  }

  /// The next line that is not blank, whatever it holds; `nil` at the end.
  package mutating func nextLine() throws(FileFailure) -> JSONLine? {
    while true {
      if let line = splitter.next() { return line }
      if isAtEnd { return nil }
      guard let chunk = try file.next() else {
        isAtEnd = true
        return splitter.finish()
      }
      splitter.append(chunk)
    }
  }
}
