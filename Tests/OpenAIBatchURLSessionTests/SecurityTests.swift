// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

import Foundation
import OpenAIBatchConformance
import OpenAIBatchTransport
import OpenAIBatchURLSession
import Testing

extension NetworkTests {
  /// What TLS refuses is `insecure`, and nothing of the request was sent.
  @Suite struct SecurityTests {
    private func expectInsecure(_ port: Int) async {
      for body in [RequestBody.empty, .bytes([1, 2, 3])] {
        let request = TransportRequest(
          head: HTTPRequest(
            method: .post, scheme: "https", authority: "localhost:\(port)", path: "/v1/batches"),
          body: body, operation: "test")
        let failure = await URLSessionTransport().failure(of: request)
        #expect(failure?.kind == .insecure, "\(failure?.message ?? "")")
        #expect(failure?.mayHaveReachedServer == false)
      }
    }

    @Test(
      .enabled(if: OpenSSL.path != nil, "needs the program openssl"), arguments: ["localhost", "elsewhere"])
    func anUnknownAuthority(_ host: String) async throws {
      let server = try OpenSSL(certificateFor: host)
      defer { server.stop() }
      await expectInsecure(server.port)
    }

  }
}

/// `openssl s_server` with a certificate that nobody trusts.
private final class OpenSSL {
  let port: Int
  private let process: Process
  private let folder: Folder

  static let path = ["/usr/bin/openssl", "/opt/homebrew/bin/openssl", "/usr/local/bin/openssl"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  init(certificateFor host: String) throws {
    let path = try #require(Self.path)
    folder = try Folder()
    let key = folder.path + "/key.pem"
    let certificate = folder.path + "/certificate.pem"
    let maker = Process()
    maker.executableURL = URL(fileURLWithPath: path)
    maker.arguments = [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj",
      "/CN=\(host)", "-addext", "subjectAltName=DNS:\(host)", "-keyout", key, "-out", certificate,
    ]
    maker.standardError = FileHandle.nullDevice
    try maker.run()
    maker.waitUntilExit()
    process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key]
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = Pipe()
    process.standardError = FileHandle.nullDevice
    try process.run()
    // It says "ACCEPT 127.0.0.1:<port>" once it listens.
    var text = ""
    var found: Int?
    while found == nil {
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else { break }
      text += String(decoding: data, as: UTF8.self)
      found = text.split(separator: "\n").dropLast(text.hasSuffix("\n") ? 0 : 1)
        .first { $0.hasPrefix("ACCEPT 127.0.0.1:") }
        .flatMap { Int($0.dropFirst("ACCEPT 127.0.0.1:".count)) }
    }
    port = try #require(found)
  }

  func stop() {
    // Foundation on Linux starts it with the milder signals blocked.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
