// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
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

/// Answers each read over TLS with `ok`.
private final class TLSServer: Sendable {
  private let channel: any Channel
  private let count: Count

  private final class Count: Sendable {
    let value = Mutex(0)
  }

  static func start(_ certificate: String, newest version: TLSVersion = .tlsv13) async throws -> TLSServer {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8)).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(Certificates.key.utf8), format: .pem)))
    configuration.minimumTLSVersion = .tlsv1
    configuration.maximumTLSVersion = version
    let context = try NIOSSLContext(configuration: configuration)
    let count = Count()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(NIOSSLServerHandler(context: context))
          try pipeline.addHandler(Answerer(count: count))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return TLSServer(channel, count)
  }

  private init(_ channel: any Channel, _ count: Count) {
    self.channel = channel
    self.count = count
  }

  var requestCount: Int { count.value.withLock { $0 } }

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
    private let count: Count

    init(count: Count) {
      self.count = count
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      count.value.withLock { $0 += 1 }
      let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }
  }
}
#endif
