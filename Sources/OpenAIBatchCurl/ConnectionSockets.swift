// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import COpenAIBatchCurl

/// The sockets of libcurl's connections, by their ends: those libcurl tells when a request begins, and the sockets only
/// when they are opened.
struct ConnectionSockets {
  /// What waits to be read on a connection.
  enum Input { case nothing, bytes, end }

  /// What tells a connection from all others: to two servers, two can have the same port of their own.
  struct Ends: Equatable {
    let localPort: CInt
    let peerPort: CInt
    /// The address of the server or the proxy, as libcurl writes it.
    let peer: String
  }

  private var connections: [(ends: Ends, socket: curl_socket_t)] = []

  /// Notes a new connection. Of the sockets others may have been tried in vain.
  mutating func add(_ ends: Ends, opened sockets: [curl_socket_t]) {
    guard let socket = sockets.last(where: { ccurl_local_port($0) == ends.localPort }) else { return }
    // Those that are closed by now come again under other numbers.
    connections.removeAll { $0.ends == ends || $0.socket == socket }
    connections.append((ends, socket))
  }

  /// The socket of the connection between these ends.
  func socket(of ends: Ends) -> curl_socket_t? {
    connections.last { $0.ends == ends }?.socket
  }

  /// What waits to be read, which is not read by this.
  static func input(of socket: curl_socket_t) -> Input {
    switch ccurl_peek(socket) {
    case 0: .nothing
    case 1: .bytes
    default: .end
    }
  }
}
