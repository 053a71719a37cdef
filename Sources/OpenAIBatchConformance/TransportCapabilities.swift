// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// What a transport can do beyond sending a request and receiving its response: cases that need more than a transport
/// has are excluded.
public struct TransportCapabilities: OptionSet, Sendable, Hashable {
  /// The set's bits.
  public let rawValue: Int

  /// Creates a set from its bits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Sends a request body while it is being made, and asks its source for more only when the server takes it.
  public static let streamingUploads = Self(rawValue: 1 << 0)
  /// Stops receiving while the reader rests: at most 2 MiB of a response are held.
  public static let responseBackPressure = Self(rawValue: 1 << 1)
  /// Tells connecting from waiting for an answer, and so holds every request to `Timeouts.connect`.
  public static let connectTimeout = Self(rawValue: 1 << 2)
  /// Speaks TLS.
  public static let tls = Self(rawValue: 1 << 3)
  /// Goes through the proxy that ``TransportOptions/proxy`` names.
  public static let proxy = Self(rawValue: 1 << 4)
  /// Keeps repeated response header fields apart and in order.
  public static let repeatedFields = Self(rawValue: 1 << 5)
  /// Reads header bytes that are not UTF-8 as Latin-1, and fields without a blank after the colon.
  public static let lenientFields = Self(rawValue: 1 << 6)
  /// Sends a request target as it is, dot segments too.
  public static let verbatimTargets = Self(rawValue: 1 << 7)

  /// All of them.
  public static let all: Self = [
    .streamingUploads, .responseBackPressure, .connectTimeout, .tls, .proxy, .repeatedFields, .lenientFields,
    .verbatimTargets,
  ]

  var names: [String] {
    let all: [(Self, String)] = [
      (.streamingUploads, "streamingUploads"), (.responseBackPressure, "responseBackPressure"),
      (.connectTimeout, "connectTimeout"), (.tls, "tls"), (.proxy, "proxy"),
      (.repeatedFields, "repeatedFields"),
      (.lenientFields, "lenientFields"), (.verbatimTargets, "verbatimTargets"),
    ]
    return all.filter { contains($0.0) }.map(\.1)
  }
}
