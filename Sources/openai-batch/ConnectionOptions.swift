// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import ArgumentParser
internal import OpenAIBatchCurl
internal import OpenAIBatchJobs
internal import OpenAIBatchURLSession

#if AsyncHTTPClient
internal import OpenAIBatchAsyncHTTPClient
#endif

/// What carries the requests, and what is said of them.
struct TransportOptions: ParsableArguments {
  enum TransportName: String, ExpressibleByArgument, CaseIterable {
    case curl, urlsession
    #if AsyncHTTPClient
    case asynchttpclient
    #endif
  }

  @Option(
    help: "What carries the requests: \(TransportName.allCases.map(\.rawValue).joined(separator: " or ")).")
  var transport = TransportName.curl

  @Flag(name: .shortAndLong, help: "Say what is sent; twice for more.")
  var verbose: Int

  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  /// A client for a configuration, with the options' transport and logging.
  func makeClient(_ configuration: BatchClient.Configuration) -> BatchClient {
    var configuration = configuration
    configuration.logger = StandardErrorLog.logger(
      verbose > 1 ? .trace : verbose > 0 ? .debug : quiet ? .error : .notice)
    return BatchClient(configuration: configuration, transport: makeTransport())
  }

  private func makeTransport() -> any Transport {
    switch transport {
    case .curl: CurlTransport()
    case .urlsession: URLSessionTransport()
    #if AsyncHTTPClient
    case .asynchttpclient: AsyncHTTPClientTransport()
    #endif
    }
  }

  /// Says something, unless it is to be quiet.
  func say(_ text: String) {
    if !quiet { Console.message(text) }
  }
}

/// How to reach the service; the same for all commands.
struct ConnectionOptions: ParsableArguments {
  @OptionGroup var carrier: TransportOptions

  @Option(name: .customLong("base-url"), help: "The service's address, in place of OPENAI_BASE_URL.")
  var baseURL: String?

  @Flag(
    name: .customLong("allow-http"), help: "Permit plain http to other machines; the key is then readable.")
  var allowHTTP = false

  var quiet: Bool { carrier.quiet }

  /// A client for the service that the environment and the options name.
  func makeClient() throws -> BatchClient {
    var configuration = try BatchClient.Configuration.fromEnvironment()
    if let baseURL { configuration.baseURL = baseURL }
    configuration.allowInsecureHTTP = allowHTTP
    configuration.middleware.append(MissingPathAdvice(baseURL: configuration.baseURL), at: .perCall)
    return carrier.makeClient(configuration)
  }

  /// Says something, unless it is to be quiet.
  func say(_ text: String) { carrier.say(text) }
}

/// Asks, at a 404, whether the base URL lacks its `/v1`: the commonest mistake with compatible servers.
private struct MissingPathAdvice: Middleware {
  let advice: String?

  init(baseURL: String) {
    // A query may hold a secret.
    let address = baseURL.prefix { $0 != "?" && $0 != "#" }
    let parts = address.split(separator: "/")
    advice =
      parts.count > 2 ? nil : "The base URL has no path: did you mean \(parts.joined(separator: "//"))/v1?"
  }

  func intercept(
    _ request: TransportRequest, context: CallContext, next: Next
  ) async throws(CallFailure) -> TransportResponse {
    do throws(CallFailure) {
      return try await next(request, context)
    } catch {
      if let advice, case .status(let failure) = error.reason, failure.status == 404 { Console.error(advice) }
      throw error
    }
  }
}
