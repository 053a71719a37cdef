// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A configuration and an environment, worked out once.
struct EngineSettings: Sendable {
  let maxConnections: Int
  /// A CA bundle in place of libcurl's own.
  let caFile: String?
  let secureRoute: TransportProxy.Route
  let plainRoute: TransportProxy.Route
  /// The pins in libcurl's form; `nil` for none.
  let pinnedKeys: String?
  let identity: CurlTransport.Identity?
  let usesHTTP2: Bool
  let onMetrics: (@Sendable (CurlTransport.Metrics) -> Void)?
  /// Why no request can be sent with this set-up.
  let failure: TransportFailure?

  init(
    _ configuration: CurlTransport.Configuration, environment: [String: String],
    onMetrics: (@Sendable (CurlTransport.Metrics) -> Void)? = nil
  ) {
    self.onMetrics = onMetrics
    identity = configuration.identity
    usesHTTP2 = configuration.httpVersion == .http2 && CurlLibrary.http2.isOpen
    pinnedKeys =
      configuration.pins.isEmpty ? nil : configuration.pins.map { "sha256//" + $0 }.joined(separator: ";")
    maxConnections = min(max(configuration.maxConnections, 1), 100)
    let caFile = configuration.trust.caFile(environment: environment)
    self.caFile = caFile
    secureRoute = configuration.proxy.route(isSecure: true, environment: environment)
    plainRoute = configuration.proxy.route(isSecure: false, environment: environment)
    failure = Self.failure(configuration, caFile: caFile)
  }

  private static func failure(
    _ configuration: CurlTransport.Configuration, caFile: String?
  ) -> TransportFailure? {
    if let caFile, !isReadableFile(caFile) { return .invalid("The CA file \(caFile) cannot be read.") }
    if let failure = configuration.proxy.failure { return failure }
    if let pin = configuration.pins.first(where: { !isPlausible(pin: $0) }) {
      return .invalid("The pin \(pin) is not the Base64 of a SHA-256.")
    }
    for file in configuration.identity.map({ [$0.certificateFile, $0.keyFile] }) ?? []
    where !isReadableFile(file) {
      return .invalid("The client certificate's file \(file) cannot be read.")
    }
    return nil
  }

  private static func isReadableFile(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// 32 bytes are 43 digits and one sign of padding.
  private static func isPlausible(pin: String) -> Bool {
    pin.utf8.count == 44 && pin.hasSuffix("=")
      && pin.utf8.dropLast().allSatisfy { $0.isLetterOrDigit || "+/".utf8.contains($0) }
  }
}
