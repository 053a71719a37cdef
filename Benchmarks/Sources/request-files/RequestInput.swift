// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Musl)
internal import Musl
#else
internal import Glibc
#endif

/// A generated file of request lines: English words with line ends and quotes, half of the rows with raw UTF-8.
struct RequestInput {
  let path: String

  struct CannotWrite: Error {}

  init(rows: Int, rowLength: Int) throws {
    path = "\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/request-files-\(getpid()).jsonl"
    guard let file = fopen(path, "w") else { throw CannotWrite() }
    let texts = [false, true].map { Self.text(length: max(rowLength - 180, 20), isASCII: $0) }
    for row in 0..<rows {
      let line =
        #"{"custom_id":"request-\#(row)","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-5-mini","#
        + #""messages":[{"role":"user","content":"\#(texts[row % 2])"}]}}"# + "\n"
      fputs(line, file)
    }
    guard fclose(file) == 0 else { throw CannotWrite() }
  }

  func remove() { unlink(path) }

  private static func text(length: Int, isASCII: Bool) -> String {
    let words = [
      "the keeper ", "climbed the stairs ", "before the storm ", "\\n", "came over grey water, ",
      "\\\"said\\\" ",
    ]
    let others = ["Grüße ", "灯台 ", "naïve\u{2028} "]
    var text = ""
    var count = 0
    while text.utf8.count < length {
      text += !isASCII && count % 12 == 0 ? others[count / 12 % others.count] : words[count % words.count]
      count += 1
    }
    return text
  }
}
