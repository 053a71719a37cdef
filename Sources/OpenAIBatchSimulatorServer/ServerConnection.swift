// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if Simulator
internal import NIOCore
internal import NIOHTTP1
internal import OpenAIBatchTransport

/// One connection of a client: requests one after the other, each passed on to a transport.
struct ServerConnection<Base: Transport>: Sendable {
  private typealias Inbound = NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
  private typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

  /// The most bytes of a body that are read and thrown away, so that a client which is still sending gets to see
  /// an early refusal; more than the largest upload.
  private static var maximumDrainLength: Int { 600 << 20 }

  private let transport: Base

  init(_ transport: Base) {
    self.transport = transport
  }

  func run(_ channel: NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>) async {
    // A connection that breaks is the client's business.
    try? await channel.executeThenClose { inbound, outbound in
      var parts = inbound.makeAsyncIterator()
      while case .head(let head) = try await parts.next() {
        guard try await exchange(head, &parts, outbound) else { return }
      }
    }
  }

  /// Answers one request; returns whether the connection can take another.
  private func exchange(
    _ head: HTTPRequestHead, _ parts: inout Inbound, _ outbound: Outbound
  ) async throws -> Bool {
    let body = BodyPipe()
    let expectsContinue = head.headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
    async let isAnswered = answer(head, body, outbound)
    let isWanted = await body.waitForDemand()
    if expectsContinue {
      // A client that was not told to continue may send its body or not; the next bytes cannot be understood.
      guard isWanted else {
        _ = await isAnswered
        return false
      }
      let head = HTTPResponseHead(version: .http1_1, status: .continue)
      try? await outbound.write(.head(head))
    }
    let isRead = await pump(&parts, into: body)
    return await isAnswered && isRead && head.isKeepAlive
  }

  /// Moves the request's body to whoever reads it; returns whether its end was reached.
  private func pump(_ parts: inout Inbound, into body: BodyPipe) async -> Bool {
    var unread = 0
    do {
      while let part = try await parts.next() {
        switch part {
        case .body(let buffer):
          guard await !body.send(Array(buffer.readableBytesView)[...]) else { continue }
          unread += buffer.readableBytes
          guard unread <= Self.maximumDrainLength else { return false }
        case .end:
          body.finish()
          return true
        case .head:
          body.fail()
          return false
        }
      }
    } catch {
      // As for a connection that was closed: the body is not complete.
    }
    body.fail()
    return false
  }

  /// Passes the request on and writes the response; returns whether that was complete.
  private func answer(_ head: HTTPRequestHead, _ body: BodyPipe, _ outbound: Outbound) async -> Bool {
    defer { body.close() }
    do {
      let request = TransportRequest(
        head: try HTTPRequest(head), body: head.requestBody(from: body), timeouts: .transfer, operation: "")
      let response = try await transport.send(request)
      let isLast = !head.isKeepAlive
      try await outbound.write(.head(HTTPResponseHead(response.head, isLast: isLast)))
      var bytes = response.takeBody()
      while head.method != .HEAD, let chunk = try await bytes.next() {
        try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: chunk))))
      }
      try await outbound.write(.end(nil))
      return true
    } catch is InvalidHead {
      let refusal = HTTPResponse(status: .badRequest, headerFields: [.contentLength: "0"])
      try? await outbound.write(.head(HTTPResponseHead(refusal, isLast: true)))
      try? await outbound.write(.end(nil))
      return false
    } catch {
      // The connection breaks, as it does when a real service loses a response.
      return false
    }
  }
}
#endif
