// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchMiddleware
public import OpenAIBatchTransport

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension BatchClient {
  /// How a client reaches the service, and by which policies.
  public struct Configuration: Sendable {
    /// `https://api.openai.com/v1`
    public static let defaultBaseURL = "https://api.openai.com/v1"

    /// The address of the service: https, unless it is this machine or ``allowInsecureHTTP`` is set. A path and
    /// a query are kept and used by every call.
    public var baseURL: String
    /// Permits plain http to other machines: the key then travels in the clear.
    public var allowInsecureHTTP = false
    /// The credential sent with each attempt.
    public var credential: Credential
    /// Sent as `OpenAI-Organization`, when set.
    public var organization: String?
    /// Sent as `OpenAI-Project`, when set.
    public var project: String?
    /// Header fields for every call.
    public var headers: HTTPFields = [:]
    /// Query items for every call, such as Azure's `api-version`.
    public var queryItems: [(name: String, value: String)] = []
    /// Members of a provider's own for the JSON body of each create.
    public var jsonFields: [String: any Encodable & Sendable] = [:]
    /// Fields of a provider's own for the form of each upload; of one in parts, for that of each part.
    public var formFields: [(name: String, value: String)] = []
    /// What the service spells differently from OpenAI.
    public var provider = Provider()
    /// How often, and after which waits, a failed attempt is made again.
    public var retry: RetryPolicy = .standard
    /// How many requests may be made in a time.
    public var rateLimit: RateLimit = .unlimited
    /// A limiter that this client shares with others; it wins over ``rateLimit``.
    public var rateLimiter: RateLimiter?
    /// Your own middleware.
    public var middleware = MiddlewareList()
    /// How large the files are that the service takes.
    public var uploadLimits = UploadLimits()
    /// The limits of each attempt. The total of an upload grows with its length; file content has none.
    public var timeouts = Timeouts()
    /// Where calls are logged, at `debug` and below, and, at `notice`, that a wait gets no answers; `nil` for
    /// nowhere.
    public var logger: Logger?
    /// The longest JSON answer, in bytes: 64 MiB by default.
    public var maximumResponseLength = 64 << 20
    /// The clock of retries, rate limits, deadlines and waits.
    public var clock: PolicyClock = .system
    /// Numbers from 0 up to 1, for jitter.
    public var random: @Sendable () -> Double = { Double.random(in: 0..<1) }

    /// Creates a configuration for a key.
    public init(apiKey: String, baseURL: String = defaultBaseURL) {
      self.init(credential: .apiKey(apiKey), baseURL: baseURL)
    }

    /// Creates a configuration for a credential.
    public init(credential: Credential, baseURL: String = defaultBaseURL) {
      self.credential = credential
      self.baseURL = baseURL
    }

    /// Reads `OPENAI_API_KEY`, `OPENAI_BASE_URL`, `OPENAI_ORG_ID` and `OPENAI_PROJECT_ID`.
    ///
    /// - Parameter environment: The variables; the process's own by default.
    /// - Throws: ``BatchClientError`` of kind `invalidConfiguration` that names the variable at fault, and
    ///   never the key.
    public static func fromEnvironment(
      _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(BatchClientError) -> Configuration {
      func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
      guard let key = value("OPENAI_API_KEY") else {
        throw BatchClientError(
          .invalidConfiguration, operation: "configuration",
          "The environment variable OPENAI_API_KEY is not set. Create a key and export it.")
      }
      var configuration = Configuration(apiKey: key, baseURL: value("OPENAI_BASE_URL") ?? defaultBaseURL)
      configuration.organization = value("OPENAI_ORG_ID")
      configuration.project = value("OPENAI_PROJECT_ID")
      if let problem = configuration.credential.problem {
        throw BatchClientError(
          .invalidConfiguration, operation: "configuration", "OPENAI_API_KEY: \(problem)")
      }
      do throws(BatchClientError) {
        // Whether plain http is allowed is still to be said.
        _ = try BaseURL(configuration.baseURL, allowInsecureHTTP: true)
      } catch {
        throw BatchClientError(
          .invalidConfiguration, operation: "configuration", "OPENAI_BASE_URL: \(error.message)")
      }
      return configuration
    }
  }

  /// Your own middleware, in the order in which it was added.
  public struct MiddlewareList: Sendable {
    var perCall: [any Middleware] = []
    var perAttempt: [any Middleware] = []

    /// Creates an empty list.
    public init() {}

    /// Adds a middleware at the end of those in its position.
    public mutating func append(_ middleware: some Middleware, at position: MiddlewarePosition) {
      switch position {
      case .perCall: perCall.append(middleware)
      case .perAttempt: perAttempt.append(middleware)
      }
    }
  }
}

extension BatchClient.Configuration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
  /// The host, without key, query and headers.
  public var description: String {
    let host = (try? WebAddress(baseURL))?.authority ?? "an invalid base URL"
    return "Configuration(\(host), credential: \(credential))"
  }

  /// The same as ``description``.
  public var debugDescription: String { description }

  /// Shows nothing that could be a secret.
  public var customMirror: Mirror {
    Mirror(
      self, children: ["retry": retry, "rateLimit": rateLimit, "timeouts": timeouts], displayStyle: .struct)
  }
}
