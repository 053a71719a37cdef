// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchCurl
import OpenAIBatchTransport
import Synchronization
import Testing

/// Trust, against `openssl s_server` with certificates made for the test.
@Suite(.serialized, .enabled(if: OpenSSL.path != nil, "needs the openssl command"))
struct TLSTests {
  @Test func aFileOfAuthoritiesIsTrusted() async throws {
    let server = try await TLSServer.start(host: "localhost")
    defer { server.stop() }
    let transport = makeTransport(trust: .file(server.authority))
    let received = try await transport.exchange(server.request(to: "localhost"))
    #expect(received.head.status == 200)
    let environment = ["SSL_CERT_FILE": server.authority]
    let byEnvironment = CurlTransport(.init(proxy: .none), environment: environment)
    #expect(try await byEnvironment.exchange(server.request(to: "localhost")).head.status == 200)
  }

  @Test func anotherHostIsInsecure() async throws {
    let server = try await TLSServer.start(host: "other.example")
    defer { server.stop() }
    let failure = await makeTransport(trust: .file(server.authority)).failure(
      of: server.request(to: "localhost"))
    #expect(failure?.kind == .insecure)
    #expect(failure?.mayHaveReachedServer == false)
  }

  @Test func anUnknownAuthorityIsInsecure() async throws {
    let server = try await TLSServer.start(host: "localhost")
    defer { server.stop() }
    let failure = await makeTransport().failure(of: server.request(to: "localhost"))
    #expect(failure?.kind == .insecure)
    #expect(failure?.mayHaveReachedServer == false)
    #expect(failure.map { "\($0)".contains("canary") } == false)
  }

  @Test func anOldProtocolIsInsecure() async throws {
    let server = try await TLSServer.start(
      host: "localhost", options: ["-www", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
    defer { server.stop() }
    let failure = await makeTransport(trust: .file(server.authority)).failure(
      of: server.request(to: "localhost"))
    #expect(failure?.kind == .insecure)
  }

  /// OpenSSL tears itself down in `exit()` by default, which crashed a tenth of such processes.
  @Test func exitDuringHandshakesDoesNotCrash() async throws {
    let server = try await TLSServer.start(host: "localhost")
    defer { server.stop() }
    for _ in 0..<exitCount {
      await #expect(processExitsWith: .exitCode(7)) {
        [port = server.port as Int, authority = server.authority as String] in
        let transport = makeTransport(trust: .file(authority))
        // This server closes after each response.
        let head = HTTPRequest(method: .get, scheme: "https", authority: "localhost:\(port)", path: "/")
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        for _ in 0..<8 {
          Task {
            while true {
              _ = await transport.failure(of: TransportRequest(head: head, operation: "test"))
              end.yield()
            }
          }
        }
        for await _ in ends { break }
        try await Task.sleep(for: .microseconds(Int.random(in: 0..<5_000)))
        exit(7)
      }
    }
  }

  @Test func aPlainServerIsInsecure() async throws {
    let server = try LoopbackServer { connection in
      _ = connection.readSome(atMost: 1_000)
      connection.send("HTTP/1.1 400 Bad Request\r\n\r\n")
    }
    defer { server.stop() }
    var request = server.request()
    request.head.scheme = "https"
    #expect(await makeTransport().failure(of: request)?.kind == .insecure)
  }

  @Test func anExpiredCertificateIsInsecure() async throws {
    let server = try await TLSServer.start(host: "localhost", isExpired: true)
    defer { server.stop() }
    let failure = await makeTransport(trust: .file(server.authority)).failure(
      of: server.request(to: "localhost"))
    #expect(failure?.kind == .insecure)
    #expect(failure?.mayHaveReachedServer == false)
  }

  @Test func aPinnedKeyIsTrustedAndAnotherIsNot() async throws {
    let server = try await TLSServer.start(host: "localhost")
    defer { server.stop() }
    let pin = try server.pin()
    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    for (pins, kind) in [([pin], nil), ([other, pin], nil), ([other], TransportFailure.Kind.insecure)] {
      let transport = CurlTransport(
        .init(trust: .file(server.authority), proxy: .none, pins: pins), environment: [:])
      let failure = await transport.failure(of: server.request(to: "localhost"))
      #expect(failure?.kind == kind)
      #expect(failure?.mayHaveReachedServer != true)
    }
  }

  @Test func aServerThatAsksForACertificateGetsIt() async throws {
    let server = try await TLSServer.start(
      host: "localhost", options: ["-www", "-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"])
    defer { server.stop() }
    let identity = CurlTransport.Identity(
      certificateFile: server.folder + "/cert.pem", keyFile: server.folder + "/key.pem")
    let known = CurlTransport(
      .init(trust: .file(server.authority), proxy: .none, identity: identity), environment: [:])
    #expect(try await known.exchange(server.request(to: "localhost")).head.status == 200)
    let unknown = makeTransport(trust: .file(server.authority))
    #expect(await unknown.failure(of: server.request(to: "localhost")) != nil)
  }

  /// Asked for a password, OpenSSL would read it from the terminal, on the thread of all calls.
  @Test func anEncryptedKeyWithoutItsPasswordEndsTheCall() async throws {
    let server = try await TLSServer.start(host: "localhost")
    defer { server.stop() }
    let key = server.folder + "/encrypted.pem"
    let openssl = Process()
    openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    openssl.arguments = [
      "openssl", "pkey", "-in", server.folder + "/key.pem", "-aes256", "-passout", "pass:canary", "-out", key,
    ]
    try openssl.run()
    openssl.waitUntilExit()
    #expect(openssl.terminationStatus == 0)
    for (password, isRight) in [(nil, false), ("wrong", false), ("canary", true)] {
      let identity = CurlTransport.Identity(
        certificateFile: server.folder + "/cert.pem", keyFile: key, password: password)
      let transport = CurlTransport(
        .init(trust: .file(server.authority), proxy: .none, identity: identity), environment: [:])
      let failure = await transport.failure(of: server.request(to: "localhost"))
      #expect((failure == nil) == isRight, "\(String(describing: failure))")
      if !isRight { #expect(failure?.kind == .invalid) }
    }
  }

  @Test(arguments: [
    CurlTransport.Configuration(proxy: .none, pins: ["sha256"]),
    .init(proxy: .none, pins: ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA;="]),
    .init(proxy: .none, identity: .init(certificateFile: "/nonexistent/cert.pem", keyFile: "/dev/null")),
  ])
  func aSetUpThatCannotWorkIsInvalid(configuration: CurlTransport.Configuration) async throws {
    let server = try LoopbackServer.answering { _ in LoopbackAnswer() }
    defer { server.stop() }
    let failure = await CurlTransport(configuration, environment: [:]).failure(of: server.request())
    #expect(failure?.kind == .invalid)
    #expect(failure?.mayHaveReachedServer == false)
    #expect(server.connectionCount == 0)
  }

  @Test func anIdentityDoesNotShowItsPassword() {
    let identity = CurlTransport.Identity(certificateFile: "a.pem", keyFile: "b.pem", password: "canary")
    var text =
      "\(identity) \(String(reflecting: identity)) \(CurlTransport.Configuration(identity: identity))"
    dump(identity, to: &text)
    #expect(!text.contains("canary"))
  }

  /// Where the end of a response and more come in one record, libcurl takes what it expects, and OpenSSL keeps the rest,
  /// which a look at the socket does not find.
  @Test(arguments: [HTTPRequest.Method.get, .post])
  func bytesAfterAResponseAreNoAnswerToTheNextRequest(method: HTTPRequest.Method) async throws {
    let server = try await TLSServer.start(host: "localhost", options: [])
    defer { server.stop() }
    let transport = makeTransport(trust: .file(server.authority))
    defer { withExtendedLifetime(transport) {} }
    var request = server.request(to: "localhost")
    request.head.method = method
    if method == .post { request.body = .bytes([1]) }
    server.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
    let response = try await transport.send(request)
    server.say("good" + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    #expect(String(decoding: try await response.collect(upTo: 100), as: UTF8.self) == "good")
    let second = Task { try await transport.text(of: request) }
    // In time for the first connection, too.
    try await waitUntil { server.heard.components(separatedBy: "\(method) / HTTP/1.1").count > 2 }
    server.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    #expect(try await second.value == "ok")
  }

  @Test func theHandshakeIsMeasured() async throws {
    let server = try await TLSServer.start(host: "localhost")
    defer { server.stop() }
    let seen = Mutex<CurlTransport.Metrics?>(nil)
    let transport = CurlTransport(
      .init(trust: .file(server.authority), proxy: .none), environment: [:]
    ) { metrics in seen.withLock { $0 = metrics } }
    _ = try await transport.exchange(server.request(to: "localhost"))
    await transport.shutdown()
    let metrics = try #require(seen.withLock { $0 })
    #expect(metrics.secured > metrics.connect && metrics.secured < metrics.firstByte)
  }

  @Test func aFileWithoutCertificatesIsInvalid() async throws {
    let server = try await TLSServer.start(host: "localhost")
    defer { server.stop() }
    let path = server.folder + "/empty.pem"
    try Data("no certificate".utf8).write(to: URL(fileURLWithPath: path))
    let failure = await makeTransport(trust: .file(path)).failure(of: server.request(to: "localhost"))
    #expect(failure?.kind == .invalid)
  }
}

private enum OpenSSL {
  static let path: String? = ["/usr/bin/openssl", "/usr/local/bin/openssl", "/opt/homebrew/bin/openssl"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  static func run(_ arguments: [String], in folder: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(path))
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }
}

/// `openssl s_server`, with `-www` unless told else, and a certificate for one host, signed by an authority of its own.
private final class TLSServer: Sendable {
  let folder: String
  var authority: String { folder + "/ca.pem" }
  private let process: pid_t
  private let input = Pipe()
  private let output = Pipe()
  private let text = Mutex("")
  let port: Int

  /// Away from the tasks' threads, because making certificates blocks.
  static func start(
    host: String, isExpired: Bool = false, options: [String] = ["-www"]
  ) async throws -> TLSServer {
    try await withCheckedThrowingContinuation { started in
      DispatchQueue.global().async {
        started.resume(with: Result { try TLSServer(host: host, isExpired: isExpired, options: options) })
      }
    }
  }

  private init(host: String, isExpired: Bool, options: [String]) throws {
    folder = NSTemporaryDirectory() + "tls-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try OpenSSL.run(
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        + ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA"], in: folder)
    try OpenSSL.run(
      ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem"]
        + ["-out", "request.pem", "-subj", "/CN=\(host)"], in: folder)
    try Data("subjectAltName=DNS:\(host)\n".utf8).write(to: URL(fileURLWithPath: folder + "/extensions"))
    try OpenSSL.run(
      ["x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]
        + ["-days", isExpired ? "-1" : "2", "-out", "cert.pem", "-extfile", "extensions"], in: folder)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(OpenSSL.path))
    process.arguments =
      ["s_server", "-accept", "127.0.0.1:0", "-key", "key.pem", "-cert", "cert.pem"] + options
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = input
    process.standardError = FileHandle.nullDevice
    process.standardOutput = output
    try process.run()
    self.process = process.processIdentifier
    // "ACCEPT 127.0.0.1:41234"
    var text = ""
    while !text.contains("ACCEPT") || !text.hasSuffix("\n") {
      let bytes = output.fileHandleForReading.availableData
      try #require(!bytes.isEmpty)
      text += String(decoding: bytes, as: UTF8.self)
    }
    port = try #require(text.split(separator: "\n").last?.split(separator: ":").last.flatMap { Int($0) })
    output.fileHandleForReading.readabilityHandler = { [weak self] output in
      self?.note(String(decoding: output.availableData, as: UTF8.self))
    }
  }

  /// The SHA-256 of the server's public key, in Base64.
  func pin() throws -> String {
    try OpenSSL.run(["x509", "-in", "cert.pem", "-pubkey", "-noout", "-out", "public.pem"], in: folder)
    try OpenSSL.run(
      ["pkey", "-pubin", "-in", "public.pem", "-outform", "der", "-out", "public.der"], in: folder)
    try OpenSSL.run(["dgst", "-sha256", "-binary", "-out", "digest", "public.der"], in: folder)
    return try Data(contentsOf: URL(fileURLWithPath: folder + "/digest")).base64EncodedString()
  }

  /// What the server has printed: without `-www` the requests, too.
  var heard: String { text.withLock { $0 } }

  func note(_ text: String) { self.text.withLock { $0 += text } }

  /// Sends a text to the peer, as one record; without `-www` the server says nothing by itself. Some letters at the
  /// beginning of a text are commands.
  func say(_ text: String) {
    input.fileHandleForWriting.write(Data(text.utf8))
  }

  func request(to host: String) -> TransportRequest {
    TransportRequest(
      head: HTTPRequest(
        method: .get, scheme: "https", authority: "\(host):\(port)", path: "/",
        headerFields: [.authorization: "Bearer canary"]), operation: "test")
  }

  func stop() {
    output.fileHandleForReading.readabilityHandler = nil
    // A child of one of Dispatch's threads has SIGTERM blocked.
    kill(process, SIGKILL)
    try? FileManager.default.removeItem(atPath: folder)
  }
}
