// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

@testable import OpenAIBatchJSON

/// The scanner and lazy access, against ``PlainJSON``.
func fuzzScanner(_ bytes: [UInt8]) {
  let plain = PlainJSON(bytes)
  check(
    isTakenInExactSpace(bytes) == (plain != nil), "the scanner takes what is not JSON, or refuses what is")
  do throws(JSONFailure) {
    let value = try JSONValue(parsing: bytes)
    let disagreement = plain.map { $0.disagreement(with: value) } ?? "taken, but not JSON"
    check(disagreement == nil, disagreement ?? "")
    let members = JSONValue.wholeMembers(of: bytes[...])
    check(
      members.map(\.value.range) == value.members.map(\.value.range), "a whole object has other whole members"
    )
    comesRound(value)
  } catch {
    check(plain == nil, "refused, but JSON: \(error)")
    check(
      error.offset.map { 0...bytes.count ~= $0 } == true && error.line != nil, "a failure without a place")
  }
  checkWholeMembers(of: bytes, plain)
  let text = String(decoding: bytes, as: UTF8.self)
  let literal = try? JSONValue(parsing: JSONText.literal(text))
  check(literal?.string.map { Array($0.utf8) } == Array(text.utf8), "a literal reads as another text")
}

/// Scans in a block that ends with what may stand behind the text, so that the address sanitizer sees every read behind
/// that, and with nodes that must grow.
private func isTaken(_ bytes: [UInt8], before end: [UInt8], isLine: Bool) -> Bool {
  let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count + end.count)
  defer { text.deallocate() }
  _ = text.initialize(from: bytes + end)
  guard let base = text.baseAddress else { return false }
  var nodes = NodeBuffer(capacity: 1)
  defer { nodes.deallocate() }
  let scanner = JSONScanner(base: base, end: isLine ? text.count : bytes.count, isLine: isLine)
  guard case .success(bytes.count) = scanner.scan(into: &nodes) else { return false }
  return true
}

private func isTakenInExactSpace(_ bytes: [UInt8]) -> Bool {
  let isWhole = isTaken(bytes, before: [UInt8](repeating: 0, count: JSONScanner.padding), isLine: false)
  if !bytes.contains(0x0A) {
    for byte in [0x22, 0x5C, 0x20, 0x80, 0x31] as [UInt8] {
      let line = [0x0A] + [UInt8](repeating: byte, count: JSONScanner.padding)
      check(isTaken(bytes, before: line, isLine: true) == isWhole, "a line is taken for something else")
    }
  }
  return isWhole
}

private func isRead(_ bytes: [UInt8]) -> Bool {
  guard let plain = PlainJSON(bytes), let value = try? JSONValue(parsing: bytes) else { return false }
  return plain.disagreement(with: value) == nil
}

/// Of a text that was cut, what is left are its first members.
private func checkWholeMembers(of bytes: [UInt8], _ plain: PlainJSON?) {
  for member in JSONValue.wholeMembers(of: bytes[...]) {
    check(isRead(member.value.bytes), "a whole member is not")
  }
  guard case .object(let members) = plain?.kind else { return }
  for end in stride(from: bytes.count % 7, to: bytes.count, by: max(7, bytes.count / 20)) {
    let found = JSONValue.wholeMembers(of: bytes[..<end]).map(\.value.range)
    check(found == members.prefix(found.count).map(\.value.range), "a cut object has other members")
    // A comma follows, or the end of the object.
    let whole = members.prefix { $0.value.range.upperBound < end }.count
    check(whole - 1...whole ~= found.count, "a cut object lost members")
  }
}

/// A value that is written reads as the same.
private func comesRound(_ value: JSONValue) {
  guard value.range.count < 2000, let text = try? JSONText.encode(value) else { return }
  check(
    (try? JSONText.decode(AnyJSON.self, from: text[...])) != nil, "a value that was written cannot be read")
}
