// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// An http or https address in the parts that a request needs. Strict: what is doubtful is refused.
struct WebAddress: Sendable, Hashable {
  let scheme: String
  /// Host and port, in lower case.
  let authority: String
  /// Without a trailing slash, empty for the root; as it was given otherwise.
  let path: String
  /// Without the question mark; `nil` when there is none.
  let query: String?

  struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  init(_ text: String) throws(Problem) {
    guard text.utf8.allSatisfy({ 0x21...0x7E ~= $0 && !Self.forbidden.contains($0) }) else {
      throw Problem(description: "has a character that must be percent-encoded")
    }
    guard let scheme = ["https", "http"].first(where: { text.lowercased().hasPrefix("\($0)://") }) else {
      throw Problem(description: "does not begin with https://")
    }
    let rest = text.dropFirst(scheme.count + 3)
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let target = rest.dropFirst(authority.count)
    guard !target.contains("#") else { throw Problem(description: "has a fragment (#…)") }
    guard !authority.contains("@") else { throw Problem(description: "has user information (…@)") }
    guard Self.isValid(authority: authority) else { throw Problem(description: "has no valid host") }
    let path = target.prefix { $0 != "?" }
    self.scheme = scheme
    self.authority = authority.lowercased()
    self.path = String(path.reversed().drop { $0 == "/" }.reversed())
    query = target.count > path.count ? String(target.dropFirst(path.count + 1)) : nil
  }

  /// Whether the host is this machine, where plain http is no risk.
  var isLoopback: Bool {
    let host = authority.hasPrefix("[") ? String(authority.prefix { $0 != "]" }) + "]" : authority.hostPart
    if host == "localhost" || host == "[::1]" { return true }
    let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
    return numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
  }

  private static let forbidden: Set<UInt8> = Set("\"<>\\^`{|}".utf8)

  private static func isValid(authority: Substring) -> Bool {
    let host: Substring
    let port: Substring
    if authority.hasPrefix("["), let close = authority.firstIndex(of: "]") {
      host = authority[authority.index(after: authority.startIndex)..<close]
      port = authority[authority.index(after: close)...]
      guard host.contains(":"), host.utf8.allSatisfy({ isHexOrPunctuation($0) }) else { return false }
    } else {
      host = authority.prefix { $0 != ":" }
      port = authority.dropFirst(host.count)
      guard !host.isEmpty, host.utf8.allSatisfy(isHostByte) else { return false }
    }
    guard !port.isEmpty else { return true }
    let digits = port.dropFirst()
    guard port.first == ":", digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return false }
    return UInt16(digits).map { $0 > 0 } == true
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    byte.isLetterOrDigit || "-._".utf8.contains(byte)
  }

  private static func isHexOrPunctuation(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}

extension String {
  fileprivate var hostPart: String { String(prefix { $0 != ":" }) }
}
