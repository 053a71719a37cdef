// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// Where a redirect leads: its `Location` resolved by RFC 3986, section 5.2.
struct RedirectTarget: Sendable, Hashable {
  let address: WebAddress
  /// Path and query as the server wrote them: a signed address ends in characters of its own.
  let target: String

  /// Resolves a location; `nil` for none and for what is not an http or https address.
  ///
  /// - Parameters:
  ///   - location: The header's value.
  ///   - head: The request that was redirected.
  init?(_ location: String?, from head: HTTPRequest) {
    // A fragment is never sent.
    let reference = (location ?? "").prefix { $0 != "#" }
    let origin = "\(head.scheme ?? "https")://\(head.authority ?? "")"
    let path = (head.path ?? "/").prefix { $0 != "?" }
    let text: String
    if Self.hasScheme(reference) {
      text = String(reference)
    } else if reference.hasPrefix("//") {
      text = "\(head.scheme ?? "https"):\(reference)"
    } else if reference.hasPrefix("/") {
      text = origin + reference
    } else if reference.hasPrefix("?") {
      text = origin + path + reference
    } else if reference.isEmpty {
      return nil
    } else {
      let folder = path.prefix(through: path.lastIndex(of: "/") ?? path.startIndex)
      let place = reference.prefix { $0 != "?" }
      text = origin + Self.withoutDotSegments(folder + place) + reference.dropFirst(place.count)
    }
    guard let address = try? WebAddress(text) else { return nil }
    let target = text.dropFirst(address.scheme.count + 3 + address.authority.utf8.count)
    self.address = address
    self.target = target.hasPrefix("/") ? String(target) : "/\(target)"
  }

  /// RFC 3986, section 5.2.4.
  private static func withoutDotSegments(_ path: some StringProtocol) -> String {
    var segments: [Substring] = []
    let all = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map { Substring($0) }
    for (number, segment) in all.enumerated() {
      if segment == ".." { _ = segments.popLast() }
      if segment != ".", segment != ".." {
        segments.append(segment)
      } else if number == all.count - 1 {
        segments.append("")
      }
    }
    return "/" + segments.joined(separator: "/")
  }

  /// Whether content may be fetched from there.
  var isTrusted: Bool { address.scheme == "https" || address.isLoopback }

  private static func hasScheme(_ reference: Substring) -> Bool {
    let name = reference.prefix { $0 != ":" && $0 != "/" && $0 != "?" }
    return name.endIndex < reference.endIndex && reference[name.endIndex] == ":"
  }
}
