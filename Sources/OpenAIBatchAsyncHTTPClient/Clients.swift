// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import AsyncHTTPClient
internal import Dispatch
internal import NIOCore
internal import NIOSSL
internal import OpenAIBatchTransport
internal import Synchronization

/// Where the client comes from that carries a request.
protocol Clients: Sendable {
  /// Whether redirects and compression are not ours to switch off.
  var areShared: Bool { get }
  /// Whether a call could be carried on another event loop than the transport's.
  var haveSeveralLoops: Bool { get }
  /// The client for a request.
  ///
  /// - Throws: Kind `invalid` for a set-up that cannot work; `shutDown` after ``close()``.
  func client(for request: PreparedRequest) throws(TransportFailure) -> HTTPClient
  /// The connection that wrote last, once; on the event loop only.
  func takeLastWriter() -> ConnectionWatch?
  /// Closes the kept connections.
  func close()
}

/// The application's client.
struct SharedClient: Clients {
  private let client: HTTPClient

  init(_ client: HTTPClient) {
    self.client = client
  }

  var areShared: Bool { true }
  var haveSeveralLoops: Bool { client.eventLoopGroup.makeIterator().dropFirst().contains { _ in true } }
  func client(for request: PreparedRequest) -> HTTPClient { client }
  func takeLastWriter() -> ConnectionWatch? { nil }
  func close() {}
}

/// Clients of the transport's own, one for each proxy, made when they are first needed. (AsyncHTTPClient's proxy is a
/// setting of the client.)
final class OwnClients: Clients {
  private let configuration: AsyncHTTPClientTransport.Configuration
  private let rules: ProxyRules
  /// A CA bundle in place of the system's.
  private let caFile: String?
  private let loop: any EventLoop
  private let desk: NIOLoopBoundBox<ConnectionWatch.Desk>

  private struct State {
    var tls: TLSConfiguration?
    /// By the proxy's URL; "" for none.
    var clients: [String: HTTPClient] = [:]
    var isClosed = false
  }
  private let state = Mutex(State())
  /// The longest that a connection may take, whatever a request allows: see `AsyncHTTPClientTransport`.
  private static let connectTimeout = TimeAmount.seconds(30)

  init(
    _ configuration: AsyncHTTPClientTransport.Configuration, environment: [String: String],
    loop: any EventLoop
  ) {
    self.configuration = configuration
    self.loop = loop
    rules = ProxyRules(configuration.proxy, environment: environment)
    let configuredFile: String? = if case .file(let path) = configuration.trust { path } else { nil }
    caFile = environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : $0 } ?? configuredFile
    desk = NIOLoopBoundBox.makeBoxSendingValue(ConnectionWatch.Desk(), eventLoop: loop)
  }

  var areShared: Bool { false }
  var haveSeveralLoops: Bool { false }

  func client(for request: PreparedRequest) throws(TransportFailure) -> HTTPClient {
    let proxyURL = rules.proxy(forHost: request.host, isSecure: request.isSecure)
    return try state.withLock { (state) throws(TransportFailure) -> HTTPClient in
      guard !state.isClosed else { throw .shutDown(mayHaveReachedServer: false) }
      if let client = state.clients[proxyURL ?? ""] { return client }
      if state.tls == nil { state.tls = try makeTLSConfiguration() }
      var settings = settings
      settings.tlsConfiguration = state.tls
      if let proxyURL { settings.proxy = try HTTPClient.Configuration.Proxy(url: proxyURL) }
      let client = HTTPClient(eventLoopGroup: loop, configuration: settings)
      state.clients[proxyURL ?? ""] = client
      return client
    }
  }

  private var settings: HTTPClient.Configuration {
    var pool = HTTPClient.Configuration.ConnectionPool()
    pool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(configuration.maxConnections, 1)
    // Whether and when to try again is not the transport's to say.
    pool.retryConnectionEstablishment = false
    var settings = HTTPClient.Configuration(
      redirectConfiguration: .disallow, timeout: .init(connect: Self.connectTimeout), connectionPool: pool,
      decompression: .disabled)
    settings.httpVersion = .http1Only
    settings.networkFrameworkWaitForConnectivity = false
    settings.http1_1ConnectionDebugInitializer = { [desk] channel in
      channel.eventLoop.makeCompletedFuture { try ConnectionWatch.install(in: channel, desk: desk.value) }
    }
    return settings
  }

  private func makeTLSConfiguration() throws(TransportFailure) -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    guard let caFile else { return tls }
    let certificates = (try? NIOSSLCertificate.fromPEMFile(caFile)) ?? []
    guard !certificates.isEmpty else {
      throw .invalid("The CA file \(caFile) cannot be read, or has no certificate.")
    }
    tls.trustRoots = .certificates(certificates)
    return tls
  }

  func takeLastWriter() -> ConnectionWatch? {
    defer { desk.value.lastWriter = nil }
    return desk.value.lastWriter
  }

  func close() {
    let clients = state.withLock { state in
      state.isClosed = true
      defer { state.clients = [:] }
      return Array(state.clients.values)
    }
    // Not waited for: a connection that is still being opened may take up to its timeout.
    for client in clients { client.shutdown(queue: .global()) { _ in } }
  }
}
#endif
