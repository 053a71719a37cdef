// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// One of the hosts in `NO_PROXY`, as libcurl reads them: a domain with all below it, an address, or a range of
/// addresses such as `10.0.0.0/8`.
struct ProxyException {
  private enum Hosts {
    case domain(Substring)
    case addresses([UInt8], prefix: Int)
  }
  private let hosts: Hosts

  /// - Parameter text: Without white space and commas; `nil` when it names nothing.
  init?(_ text: Substring) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    if let address = Self.address(parts[0]) {
      guard let prefix = parts.count == 1 ? address.count * 8 : Int(parts[1]),
        0...address.count * 8 ~= prefix
      else { return nil }
      hosts = .addresses(address, prefix: prefix)
    } else {
      let domain = Self.withoutFinalDot(text.drop { $0 == "." })
      guard !domain.isEmpty else { return nil }
      hosts = .domain(domain)
    }
  }

  func covers(_ host: String) -> Bool {
    let address = Self.address(host[...])
    switch hosts {
    case .domain(let domain):
      let host = Self.withoutFinalDot(host[...])
      return address == nil && (host == domain || host.hasSuffix("." + domain))
    case .addresses(let network, let prefix):
      guard let address, address.count == network.count else { return false }
      return (0..<prefix).allSatisfy { bit in
        (address[bit / 8] ^ network[bit / 8]) & (0x80 >> (bit % 8)) == 0
      }
    }
  }

  private static func withoutFinalDot(_ host: Substring) -> Substring {
    host.last == "." ? host.dropLast() : host
  }

  /// The 4 or 16 bytes of an address, with or without brackets.
  private static func address(_ text: Substring) -> [UInt8]? {
    let text = String(text.first == "[" && text.last == "]" ? text.dropFirst().dropLast() : text)
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET6, text, &bytes) == 1 { return bytes }
    return inet_pton(AF_INET, text, &bytes) == 1 ? Array(bytes.prefix(4)) : nil
  }
}
#endif
