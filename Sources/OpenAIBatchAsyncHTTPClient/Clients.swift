// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import AsyncHTTPClient
internal import Dispatch
internal import NIOCore
internal import NIOSSL
internal import OpenAIBatchTransport
internal import Synchronization

#if canImport(Darwin)
internal import Darwin
#elseif canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Where the client comes from that carries a request.
protocol Clients: Sendable {
  /// Whether redirects and compression are not ours to switch off.
  var areShared: Bool { get }
  /// Whether a call could be carried on another event loop than the transport's.
  var haveSeveralLoops: Bool { get }
  /// The client for a request.
  ///
  /// - Throws: Kind `invalid` for a set-up that cannot work; `shutDown` after ``close()``.
  func client(
    for request: PreparedRequest, connectTimeout: Duration
  ) throws(TransportFailure) -> ClientReference
  /// The connection that wrote last, once; on the event loop only.
  func takeLastWriter() -> ConnectionWatch?
  /// Closes the kept connections.
  func close()
}

/// A client in use, or kept for use. One of the transport's own is shut down with the last reference.
final class ClientReference: Sendable {
  let client: HTTPClient
  private let isOwn: Bool
  private let process = getpid()

  init(_ client: HTTPClient, isOwn: Bool) {
    self.client = client
    self.isOwn = isOwn
  }

  deinit {
    close()
  }

  /// Closes the connections; harmless when repeated.
  func close() {
    guard isOwn else { return }
    guard getpid() == process else {
      // The connections are the parent's, and a client must not end without its shutdown.
      _ = Unmanaged.passRetained(client)
      return
    }
    // Not waited for: a connection that is still being opened may take up to its timeout.
    client.shutdown(queue: .global()) { _ in }
  }
}

/// The application's client.
struct SharedClient: Clients {
  private let reference: ClientReference

  init(_ client: HTTPClient) {
    reference = ClientReference(client, isOwn: false)
  }

  var areShared: Bool { true }
  var haveSeveralLoops: Bool {
    reference.client.eventLoopGroup.makeIterator().dropFirst().contains { _ in true }
  }
  func client(for request: PreparedRequest, connectTimeout: Duration) -> ClientReference { reference }
  func takeLastWriter() -> ConnectionWatch? { nil }
  func close() {}
}

/// Clients of the transport's own, made when they are first needed: one for each proxy and connect timeout, which are
/// settings of the client. (A timeout longer than the call's would let attempts outlive the call, and the next call
/// would wait for those.)
final class OwnClients: Clients {
  private let configuration: AsyncHTTPClientTransport.Configuration
  private let rules: ProxyRules
  /// A CA bundle in place of the system's.
  private let caFile: String?
  private let loop: any EventLoop
  private let desk: NIOLoopBoundBox<ConnectionWatch.Desk>

  private struct Key: Equatable {
    let proxyURL: String?
    let connectTimeout: TimeAmount
  }
  private struct State {
    var tls: TLSConfiguration?
    /// The one used last comes last.
    var kept: [(key: Key, client: ClientReference)] = []
    var isClosed = false
  }
  private let state = Mutex(State())
  /// So many clients are kept for further calls; the calls on others keep those themselves.
  static let keptLimit = 8

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

  func client(
    for request: PreparedRequest, connectTimeout: Duration
  ) throws(TransportFailure) -> ClientReference {
    let key = Key(
      proxyURL: rules.proxy(forHost: request.host, isSecure: request.isSecure),
      connectTimeout: TimeAmount(bounding: connectTimeout))
    return try state.withLock { (state) throws(TransportFailure) -> ClientReference in
      guard !state.isClosed else { throw .shutDown(mayHaveReachedServer: false) }
      if let last = state.kept.last, last.key == key { return last.client }
      if let index = state.kept.firstIndex(where: { $0.key == key }) {
        state.kept.append(state.kept.remove(at: index))
      } else {
        if state.tls == nil { state.tls = try makeTLSConfiguration() }
        let client = HTTPClient(eventLoopGroup: loop, configuration: try settings(key, tls: state.tls))
        if state.kept.count == Self.keptLimit { state.kept.removeFirst() }
        state.kept.append((key, ClientReference(client, isOwn: true)))
      }
      return state.kept[state.kept.count - 1].client
    }
  }

  private func settings(
    _ key: Key, tls: TLSConfiguration?
  ) throws(TransportFailure) -> HTTPClient.Configuration {
    var pool = HTTPClient.Configuration.ConnectionPool()
    pool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(configuration.maxConnections, 1)
    // Whether and when to try again is not the transport's to say.
    pool.retryConnectionEstablishment = false
    var settings = HTTPClient.Configuration(
      tlsConfiguration: tls, redirectConfiguration: .disallow, timeout: .init(connect: key.connectTimeout),
      connectionPool: pool, decompression: .disabled)
    if let proxyURL = key.proxyURL { settings.proxy = try HTTPClient.Configuration.Proxy(url: proxyURL) }
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
    // How long a closed connection waits for the server to confirm it.
    tls.shutdownTimeout = .milliseconds(50)
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
    let kept = state.withLock { state in
      state.isClosed = true
      defer { state.kept = [] }
      return state.kept
    }
    for (_, client) in kept { client.close() }
  }
}
#endif
