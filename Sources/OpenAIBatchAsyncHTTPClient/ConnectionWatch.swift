// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Sits in one connection where responses are bytes still and requests are parts still, and sees what AsyncHTTPClient
/// does not tell: bytes of a response before its head is whole, and that the server has closed a kept connection before
/// the event loop has read of it.
///
/// Only on the transport's event loop.
final class ConnectionWatch: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = HTTPClientRequestPart

  /// Where the connection that wrote a head last is found: a call looks there when AsyncHTTPClient tells it that its
  /// head was sent, which happens in the same turn of the event loop.
  final class Desk {
    var lastWriter: ConnectionWatch?
  }

  /// The call whose request was sent last. AsyncHTTPClient may send the next one before it tells this one's end.
  private var call: Call?
  private let desk: Desk
  /// Whether nothing was, or will be, sent of the request that AsyncHTTPClient writes.
  private var isDead = false
  private var context: ChannelHandlerContext?

  init(desk: Desk) {
    self.desk = desk
  }

  /// Puts a watch into the pipeline that AsyncHTTPClient has set up, between the encoder and the decoder.
  static func install(in channel: any Channel, desk: Desk) throws {
    let pipeline = channel.pipeline.syncOperations
    let encoder = try pipeline.handler(type: HTTPRequestEncoder.self)
    try pipeline.addHandler(ConnectionWatch(desk: desk), position: .after(encoder))
  }

  /// Tells `call` of bytes, before they are read as HTTP, and of the connection's end, before AsyncHTTPClient is told.
  func begin(_ call: Call) {
    self.call = call
  }

  /// Tells `call` no more.
  func end(_ call: Call) {
    if self.call === call { self.call = nil }
  }

  /// Closes the connection, unless it serves another call by now.
  func close(behind call: Call) {
    guard self.call === call else { return }
    self.call = nil
    context?.close(promise: nil)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    call?.didReceiveBytes(unwrapInboundIn(data).readableBytes)
    context.fireChannelRead(data)
  }

  func channelInactive(context: ChannelHandlerContext) {
    call?.didClose()
    context.fireChannelInactive()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .head = unwrapOutboundIn(data) {
      call = nil
      desk.lastWriter = self
      if context.channel.isClosedByPeer {
        isDead = true
        // What AsyncHTTPClient would say itself a moment later: the call goes on another connection.
        context.fireErrorCaught(ChannelError.ioOnClosedChannel)
      }
    }
    guard !isDead else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    context.write(data, promise: promise)
  }
}

extension Channel {
  /// Whether the other side has closed the connection, where the system tells.
  fileprivate var isClosedByPeer: Bool {
    #if os(Linux)
    var state: UInt8?
    (self as? any SocketOptionProvider)?.getTCPInfo().assumeIsolated().whenSuccess { state = $0.tcpi_state }
    return state.map { $0 != Self.established } ?? false
    #else
    return false
    #endif
  }

  #if os(Linux)
  /// `TCP_ESTABLISHED` of `netinet/tcp.h`.
  private static var established: UInt8 { 1 }
  #endif
}
#endif
