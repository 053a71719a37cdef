// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import OpenAIBatchAsyncHTTPClient
import OpenAIBatchConformance
import OpenAIBatchTransport
import Synchronization
import Testing

/// Trust, against a TLS server with certificates made for the tests.
@Suite(.serialized)
struct TLSTests {
  @Test func aFileOfAuthoritiesIsTrusted() async throws {
    let server = try await TLSServer.start(Certificates.localhost)
    let authority = try TemporaryFile(Certificates.authority)
    let request = server.request
    #expect(try await makeTransport(trust: .file(authority.path)).text(of: request) == "ok")
    let byEnvironment = AsyncHTTPClientTransport(
      .init(trust: .file("/nonexistent/ca.pem"), proxy: .none), environment: ["SSL_CERT_FILE": authority.path]
    )
    #expect(try await byEnvironment.text(of: request) == "ok")
    #expect(server.requestCount == 2)
    await server.stop()
  }

  @Test(arguments: [
    (Certificates.localhost, false, TLSVersion.tlsv13), (Certificates.other, true, .tlsv13),
    (Certificates.expired, true, .tlsv13), (Certificates.localhost, true, .tlsv11),
  ])
  func whatCannotBeTrustedIsInsecure(
    certificate: String, isAuthorityKnown: Bool, version: TLSVersion
  ) async throws {
    let server = try await TLSServer.start(certificate, newest: version)
    let authority = try TemporaryFile(Certificates.authority)
    let transport = makeTransport(trust: isAuthorityKnown ? .file(authority.path) : .system)
    let failure = await transport.failure(of: server.request)
    #expect(failure?.kind == .insecure)
    #expect(failure?.mayHaveReachedServer == false)
    #expect(failure.map { "\($0)".contains("canary") } == false)
    #expect(server.requestCount == 0)
    await server.stop()
  }

  /// By default AsyncHTTPClient tries again until the time is over, and the call is `notSent`.
  @Test func aSharedClientThatDoesNotTryAgainSaysInsecure() async throws {
    let server = try await TLSServer.start(Certificates.localhost)
    var configuration = HTTPClient.Configuration()
    configuration.connectionPool.retryConnectionEstablishment = false
    try await withClient(configuration) { client in
      let failure = await AsyncHTTPClientTransport(client: client).failure(of: server.request)
      #expect(failure?.kind == .insecure)
      #expect(failure?.mayHaveReachedServer == false)
    }
    #expect(server.requestCount == 0)
    await server.stop()
  }

  enum End: CaseIterable {
    case cancelledCall, droppedBody, shutdown
  }

  /// A server that does not answer the end of TLS must not keep the socket open.
  @Test(arguments: End.allCases)
  func theSocketIsClosedAtOnce(end: End) async throws {
    let content = end == .cancelledCall ? "" : end == .droppedBody ? "o" : "ok"
    let server = try await TLSServer.start(Certificates.localhost, content: content, isDeaf: true)
    let authority = try TemporaryFile(Certificates.authority)
    let transport = makeTransport(trust: .file(authority.path))
    let ending: ContinuousClock.Instant
    switch end {
    case .cancelledCall:
      let call = Task { await transport.failure(of: server.request) }
      try await waitUntil { server.requestCount > 0 }
      ending = .now
      call.cancel()
      #expect(await call.value?.kind == .cancelled)
    case .droppedBody:
      let response = try await transport.send(server.request)
      ending = .now
      _ = consume response
    case .shutdown:
      #expect(try await transport.text(of: server.request) == "ok")
      ending = .now
      await transport.shutdown()
    }
    await server.hasClosed.wait()
    #expect(.now - ending < .seconds(3))
    await server.stop()
  }

  @Test func aMissingCAFileIsInvalid() async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer() }
    defer { server.stop() }
    let empty = try TemporaryFile("no certificate")
    for transport in [
      makeTransport(trust: .file("/nonexistent/ca.pem")), makeTransport(trust: .file(NSTemporaryDirectory())),
      makeTransport(trust: .file(empty.path)),
      AsyncHTTPClientTransport(.init(proxy: .none), environment: ["SSL_CERT_FILE": "/nonexistent/ca.pem"]),
    ] {
      let failure = await transport.failure(of: server.request())
      #expect(failure?.kind == .invalid)
      #expect(failure?.mayHaveReachedServer == false)
    }
    #expect(server.connectionCount == 0)
  }
}

private struct TemporaryFile: ~Copyable {
  let path = NSTemporaryDirectory() + "openai-batch-\(UUID().uuidString).pem"

  init(_ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }
}

/// Answers each read over TLS with up to two bytes.
private final class TLSServer: Sendable {
  private let channel: any Channel
  private let log: Log

  private final class Log: Sendable {
    let requestCount = Mutex(0)
    let hasClosed = Event()
  }

  /// - Parameters:
  ///   - content: What it answers: all of two bytes, only one, or nothing at all.
  ///   - isDeaf: Whether it reads no more after the first request, so that it does not take part in the end of TLS.
  static func start(
    _ certificate: String, newest version: TLSVersion = .tlsv13, content: String = "ok", isDeaf: Bool = false
  ) async throws -> TLSServer {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(Certificates.key.utf8), format: .pem)))
    configuration.minimumTLSVersion = .tlsv1
    configuration.maximumTLSVersion = version
    let context = try NIOSSLContext(configuration: configuration)
    let log = Log()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(NIOSSLServerHandler(context: context))
          try pipeline.addHandler(Answerer(content: content, isDeaf: isDeaf, log: log))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return TLSServer(channel, log)
  }

  private init(_ channel: any Channel, _ log: Log) {
    self.channel = channel
    self.log = log
  }

  var requestCount: Int { log.requestCount.withLock { $0 } }
  var hasClosed: Event { log.hasClosed }

  var request: TransportRequest {
    TransportRequest(
      head: HTTPRequest(
        method: .get, scheme: "https", authority: "localhost:\(channel.localAddress?.port ?? 0)", path: "/",
        headerFields: [.authorization: "Bearer canary"]), operation: "test")
  }

  func stop() async {
    try? await channel.close()
  }

  private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let content: String
    private let isDeaf: Bool
    private let log: Log

    init(content: String, isDeaf: Bool, log: Log) {
      self.content = content
      self.isDeaf = isDeaf
      self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      log.requestCount.withLock { $0 += 1 }
      if isDeaf { try? context.channel.syncOptions?.setOption(.autoRead, value: false) }
      guard !content.isEmpty else { return }
      let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\(content)")
      context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
      log.hasClosed.signal()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }
  }
}
#endif
