// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import AsyncHTTPClient
internal import NIOCore
internal import NIOSSL
internal import OpenAIBatchTransport
internal import Synchronization

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
    caFile = configuration.trust.caFile(environment: environment)
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
      if let failure = rules.failure { throw failure }
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
