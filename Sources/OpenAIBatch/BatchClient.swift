// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON
internal import OpenAIBatchMiddleware
public import OpenAIBatchTransport

/// A client of the OpenAI Batch API and of providers that speak it.
///
/// ```swift
/// let client = BatchClient(apiKey: key, transport: CurlTransport())
/// for try await batch in client.batches() { print(batch.id, batch.status) }
/// ```
///
/// A value that can be copied and shared: copies share the transport, the retry budget and the rate limit.
/// It needs no shutdown.
public struct BatchClient: Sendable {
  let configuration: Configuration
  let transport: any Transport
  let alarms = WaitAlarms()
  let secrets = SentSecrets()
  private let pipeline: Pipeline
  /// For hosts that the service redirects to: nothing of ours goes there.
  private let storePipeline: Pipeline
  private let template: Result<RequestTemplate, BatchClientError>

  /// Creates a client for the service at `https://api.openai.com/v1`.
  ///
  /// - Parameters:
  ///   - apiKey: The key. A malformed one fails each call with `invalidConfiguration`, before anything is sent.
  ///   - transport: What carries the requests, such as `CurlTransport()` or `URLSessionTransport()`.
  public init(apiKey: String, transport: any Transport) {
    self.init(configuration: Configuration(apiKey: apiKey), transport: transport)
  }

  /// Creates a client.
  ///
  /// - Parameters:
  ///   - configuration: Address, credential and policies. A malformed base URL fails each call with
  ///     `invalidConfiguration`, before anything is sent.
  ///   - transport: What carries the requests.
  public init(configuration: Configuration, transport: any Transport) {
    self.configuration = configuration
    self.transport = transport
    template = Result { () throws(BatchClientError) in try RequestTemplate(configuration) }
    let clock = configuration.clock
    var layers: [any Middleware] = []
    if let logger = configuration.logger { layers.append(LoggingMiddleware(logger, clock: clock)) }
    layers += configuration.middleware.perCall
    let retry = RetryMiddleware(
      policy: configuration.retry, budget: RetryBudget(), clock: clock, random: configuration.random,
      logger: configuration.logger)
    layers.append(retry)
    if let limiter = configuration.rateLimiter {
      layers.append(RateLimitMiddleware(limiter))
    } else if configuration.rateLimit != .unlimited {
      layers.append(RateLimitMiddleware(RateLimiter(configuration.rateLimit, clock: clock)))
    }
    layers.append(CredentialMiddleware(configuration.credential, clock: clock))
    let response = ResponseMiddleware(secrets: secrets, clock: clock)
    layers.append(response)
    layers += configuration.middleware.perAttempt
    // Last, so that it sees what the caller's own middleware adds.
    let noting = SecretNotingMiddleware(secrets: secrets)
    layers.append(noting)
    pipeline = Pipeline(layers: layers, transport: transport, clock: clock)
    storePipeline = Pipeline(layers: [retry, response, noting], transport: transport, clock: clock)
  }

  /// The clock of retries, rate limits, deadlines and waits.
  package var clock: PolicyClock { configuration.clock }

  /// Waits.
  ///
  /// - Parameter operation: What a cancellation is said to have ended.
  package func pause(_ duration: Duration, operation: String) async throws(BatchClientError) {
    do {
      try await clock.sleep(duration)
    } catch {
      throw .cancelled(operation)
    }
  }

  /// When a call that begins now must be over.
  func deadline(_ options: CallOptions) -> ContinuousClock.Instant? {
    options.timeout.map { configuration.clock.now().advanced(by: $0) }
  }

  /// Performs an operation and reads its answer.
  func perform<Output>(
    _ operation: BatchOperation<Output>, _ options: CallOptions
  ) async throws(BatchClientError) -> Output {
    try await perform(operation, options, until: deadline(options))
  }

  /// Performs an operation as a part of a call that must be over at `deadline`, and reads its answer.
  func perform<Output>(
    _ operation: BatchOperation<Output>, _ options: CallOptions, until deadline: ContinuousClock.Instant?
  ) async throws(BatchClientError) -> Output {
    try await perform(operation, options, until: deadline, record: CallRecord(effect: operation.effect))
  }

  /// Performs an operation and reads its answer; the record tells what was sent.
  func perform<Output>(
    _ operation: BatchOperation<Output>, _ options: CallOptions, until deadline: ContinuousClock.Instant?,
    record: CallRecord
  ) async throws(BatchClientError) -> Output {
    let response = try await send(
      try request(for: operation, options), effect: operation.effect, options, until: deadline,
      collectLimit: configuration.maximumResponseLength, record: record)
    let head = response.head
    var bytes: [UInt8] = []
    do throws(TransportFailure) {
      bytes = try await response.collect(upTo: configuration.maximumResponseLength)
    } catch {
      var failure = BatchClientError(error, operation: operation.name, attempts: record.attempts)
      failure.isOutcomeUnknown = record.effects > 0
      throw failure
    }
    do throws(JSONFailure) {
      return try operation.decode(bytes)
    } catch {
      var failure = BatchClientError(
        .malformedResponse, operation: operation.name,
        "The response does not have the documented form: "
          + "\(secrets.redacting("\(error)")). It begins: \(excerpt(of: bytes))",
        attempts: record.attempts, underlying: error)
      failure.isOutcomeUnknown = record.effects > 0
      failure.status = head.status.code
      failure.requestID = head.headerFields[.requestID]
      throw failure
    }
  }

  /// Sends a request through the pipeline.
  ///
  /// - Parameter collectLimit: The most bytes of the answer to read inside the attempt; `nil` to stream it.
  func send(
    _ request: TransportRequest, effect: Effect, _ options: CallOptions,
    until deadline: ContinuousClock.Instant?, collectLimit: Int?, record: CallRecord
  ) async throws(BatchClientError) -> TransportResponse {
    let context = CallContext(
      operation: request.operation, effect: effect, deadline: deadline, retry: options.retry,
      collectLimit: collectLimit)
    do throws(CallFailure) {
      return try await pipeline.send(request, context: context, record: record)
    } catch {
      throw BatchClientError(error, of: request, wallTime: configuration.clock.wallTime(), secrets: secrets)
    }
  }

  /// Sends a request to a host that the service redirected to.
  func sendToStore(
    _ request: TransportRequest, _ options: CallOptions, until deadline: ContinuousClock.Instant?
  ) async throws(CallFailure) -> TransportResponse {
    try await storePipeline.send(
      request,
      context: CallContext(
        operation: request.operation, effect: .safe, deadline: deadline, retry: options.retry,
        collectLimit: nil),
      record: CallRecord(effect: .safe))
  }

  /// Builds the request for an operation, without its credential.
  func request<Output>(
    for operation: BatchOperation<Output>, _ options: CallOptions
  ) throws(BatchClientError) -> TransportRequest {
    let template: RequestTemplate
    do throws(BatchClientError) {
      template = try self.template.get()
    } catch {
      var error = error
      error.operation = operation.name
      throw error
    }
    secrets.note(template.ownQuery)
    secrets.note(options.queryItems)
    let head = try template.head(for: operation, options)
    var timeouts = configuration.timeouts
    if operation.isTransfer { timeouts.total = transferTime(for: operation.body, options) }
    var request = TransportRequest(
      head: head, body: operation.body, timeouts: timeouts, operation: operation.name)
    request.expectsLongResponse = operation.isTransfer && operation.method == .get
    return request
  }

  /// How long one attempt of a transfer may take: a download as long as it does; an upload what a JSON call may,
  /// and a second for each 128 KiB. A timeout of the caller's own replaces that.
  private func transferTime(for body: RequestBody, _ options: CallOptions) -> Duration? {
    guard options.timeout == nil, let length = body.length, length > 0 else { return nil }
    return configuration.timeouts.total.map { $0 + .seconds(length >> 17) }
  }

  /// What an answer begins with, on one line.
  private func excerpt(of bytes: [UInt8]) -> String {
    // More is looked at than shown, so that a secret at the end is not shown in part.
    let text = secrets.redacting(String(decoding: bytes.prefix(8192), as: UTF8.self)).prefix(512)
    return text.isEmpty ? "(empty)" : String(text.map { $0.isNewline ? " " : $0 })
  }
}

extension BatchClient: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The host, without key, query and headers.
  public var description: String { "BatchClient(\(configuration))" }

  /// The same as ``description``.
  public var debugDescription: String { description }

  /// Shows the configuration, which shows no secret.
  public var customMirror: Mirror {
    Mirror(self, children: ["configuration": configuration], displayStyle: .struct)
  }
}
