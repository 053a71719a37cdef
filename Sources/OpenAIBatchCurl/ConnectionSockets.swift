// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import COpenAIBatchCurl

/// The sockets of libcurl's connections, by the ports of their own ends: those libcurl tells when a request begins, and
/// the sockets only when they are opened.
struct ConnectionSockets {
  /// What waits to be read on a connection.
  enum Input { case nothing, bytes, end }

  private var connections: [(port: CInt, socket: curl_socket_t)] = []

  /// Notes a new connection. Of the sockets others may have been tried in vain.
  mutating func add(port: CInt, opened sockets: [curl_socket_t]) {
    guard let socket = sockets.last(where: { ccurl_local_port($0) == port }) else { return }
    // Those that are closed by now come again under other numbers.
    connections.removeAll { $0.port == port || $0.socket == socket }
    connections.append((port, socket))
  }

  /// The socket of the connection that has this port.
  func socket(ofPort port: CInt) -> curl_socket_t? {
    connections.last { $0.port == port }?.socket
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
