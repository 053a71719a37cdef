// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchCurl
import OpenAIBatchTransport
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
      host: "localhost", options: ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
    defer { server.stop() }
    let failure = await makeTransport(trust: .file(server.authority)).failure(
      of: server.request(to: "localhost"))
    #expect(failure?.kind == .insecure)
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

/// `openssl s_server -www` with a certificate for one host, signed by an authority of its own.
private final class TLSServer: Sendable {
  let folder: String
  var authority: String { folder + "/ca.pem" }
  private let process: pid_t
  private let port: Int

  /// Away from the tasks' threads, because making certificates blocks.
  static func start(host: String, options: [String] = []) async throws -> TLSServer {
    try await withCheckedThrowingContinuation { started in
      DispatchQueue.global().async {
        started.resume(with: Result { try TLSServer(host: host, options: options) })
      }
    }
  }

  private init(host: String, options: [String]) throws {
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
        + ["-days", "2", "-out", "cert.pem", "-extfile", "extensions"], in: folder)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(OpenSSL.path))
    process.arguments =
      ["s_server", "-accept", "127.0.0.1:0", "-key", "key.pem", "-cert", "cert.pem", "-www"] + options
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let output = Pipe()
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
  }

  func request(to host: String) -> TransportRequest {
    TransportRequest(
      head: HTTPRequest(
        method: .get, scheme: "https", authority: "\(host):\(port)", path: "/",
        headerFields: [.authorization: "Bearer canary"]), operation: "test")
  }

  func stop() {
    // A child of one of Dispatch's threads has SIGTERM blocked.
    kill(process, SIGKILL)
    try? FileManager.default.removeItem(atPath: folder)
  }
}
