// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Musl)
internal import Musl
#else
internal import Glibc
#endif

/// A file's lines, read from disk in pieces of 256 KiB.
struct FileLines {
  let path: String

  /// The file's length in bytes.
  var length: Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  func forEach(_ body: (JSONLine) -> Void) {
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    var splitter = JSONLineSplitter()
    while true {
      let chunk = [UInt8](unsafeUninitializedCapacity: 256 << 10) { buffer, count in
        count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
      }
      guard !chunk.isEmpty else { break }
      splitter.append(chunk[...])
      while let line = splitter.next() { body(line) }
    }
    if let line = splitter.finish() { body(line) }
  }

  /// Writes the generated file to a temporary place.
  static func generated(lines: Int) -> FileLines {
    var path = Array("/tmp/result-lines-XXXXXX\0".utf8.map(CChar.init(bitPattern:)))
    let descriptor = mkstemp(&path)
    defer { close(descriptor) }
    for chunk in ResultFile.chunks(lines: lines) {
      chunk.withUnsafeBytes { _ = write(descriptor, $0.baseAddress, $0.count) }
    }
    return FileLines(
      path: String(decoding: path.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
  }

  func remove() { unlink(path) }
}
