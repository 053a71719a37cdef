// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1

/// Counts the bytes of one connection between TLS and HTTP, where AsyncHTTPClient tells nothing: the head of a response
/// before it is whole.
///
/// Only on the transport's event loop.
final class ConnectionWatch: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = IOData

  /// Where the connection that wrote last is found: a call looks there when AsyncHTTPClient tells it that its head was
  /// sent, which happens in the same turn of the event loop.
  final class Desk {
    var lastWriter: ConnectionWatch?
  }

  /// Told how many bytes arrived, before they are read as HTTP.
  var onBytes: ((Int) -> Void)?
  /// Told that the connection has closed, before AsyncHTTPClient is.
  var onClose: (() -> Void)?
  private let desk: Desk

  init(desk: Desk) {
    self.desk = desk
  }

  /// Puts a watch into the pipeline that AsyncHTTPClient has set up, below HTTP and above TLS.
  static func install(in channel: any Channel, desk: Desk) throws {
    let pipeline = channel.pipeline.syncOperations
    let encoder = try pipeline.handler(type: HTTPRequestEncoder.self)
    try pipeline.addHandler(ConnectionWatch(desk: desk), position: .before(encoder))
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    onBytes?(unwrapInboundIn(data).readableBytes)
    context.fireChannelRead(data)
  }

  func channelInactive(context: ChannelHandlerContext) {
    onClose?()
    context.fireChannelInactive()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    desk.lastWriter = self
    context.write(data, promise: promise)
  }
}
#endif
