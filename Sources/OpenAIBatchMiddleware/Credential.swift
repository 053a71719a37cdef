// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// How a client proves who it is. Asked for each attempt; never printed.
public struct Credential: Sendable {
  private enum Source: Sendable {
    case fixed(HTTPField)
    /// A fixed one that cannot be sent, and why.
    case unusable(String)
    case bearer(@Sendable () async throws -> String)
  }
  private let source: Source

  private init(_ source: Source) { self.source = source }

  private init(fixed secret: String, in name: HTTPField.Name?, prefix: String = "") {
    if let name {
      source =
        Self.problem(of: secret).map(Source.unusable) ?? .fixed(HTTPField(name: name, value: prefix + secret))
    } else {
      source = .unusable("The credential's header name is not valid.")
    }
  }

  /// A key, sent as `Authorization: Bearer …`.
  public static func apiKey(_ key: String) -> Credential {
    Credential(fixed: key, in: .authorization, prefix: bearerPrefix)
  }

  /// A token that can change, asked for before each attempt and sent as `Authorization: Bearer …`.
  public static func bearer(_ token: @escaping @Sendable () async throws -> String) -> Credential {
    Credential(.bearer(token))
  }

  /// A key in a header of the provider's own, such as Azure's `api-key`.
  public static func header(_ name: String, _ value: String) -> Credential {
    Credential(fixed: value, in: HTTPField.Name(name))
  }

  /// Says what is wrong with a fixed key, without repeating it; `nil` when nothing is.
  package var problem: String? {
    if case .unusable(let problem) = source { problem } else { nil }
  }

  /// The header field to send.
  ///
  /// A source that does not end by then, or when the task is cancelled, is cancelled and left to itself: it is the
  /// caller's code, and may not heed a cancellation.
  ///
  /// - Parameters:
  ///   - deadline: When the caller gives up waiting for the token.
  ///   - clock: What the deadline is read by.
  func field(
    before deadline: ContinuousClock.Instant? = nil, _ clock: PolicyClock = .system
  ) async throws(CallFailure) -> HTTPField {
    switch source {
    case .fixed(let field): return field
    case .unusable(let problem): throw CallFailure(.configuration(problem))
    case .bearer(let token):
      let outcome = await firstOutcome {
        await Self.field(for: token)
      } timer: {
        guard let deadline, (try? await clock.sleep(clock.now().duration(to: deadline))) != nil else {
          return nil
        }
        return .failure(.timedOut("The call's timeout passed before the credential's source gave a token."))
      } cancelled: {
        .failure(.cancelled("while asking for the token"))
      }
      return try outcome.get()
    }
  }

  private static func field(
    for token: @Sendable () async throws -> String
  ) async -> Result<HTTPField, CallFailure> {
    let secret: String
    do {
      secret = try await token()
    } catch {
      return .failure(
        Task.isCancelled ? .cancelled("while asking for the token") : CallFailure(.middleware(error)))
    }
    // The next token may be better.
    if let problem = problem(of: secret) { return .failure(CallFailure(.middleware(UnusableToken(problem)))) }
    return .success(HTTPField(name: .authorization, value: bearerPrefix + secret))
  }

  private static let bearerPrefix = "Bearer "

  private static func problem(of secret: String) -> String? {
    if secret.isEmpty { return "The API key is empty." }
    guard secret.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
      return "The API key has white space, a control character or a character outside ASCII. "
        + "Was a line end copied with it?"
    }
    return nil
  }
}

extension Credential: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Always `<redacted>`.
  public var description: String { "<redacted>" }
  /// Always `<redacted>`.
  public var debugDescription: String { "<redacted>" }
  /// Shows nothing.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// The credential's source gave what cannot be sent.
struct UnusableToken: Error, CustomStringConvertible {
  let description: String

  init(_ problem: String) { description = problem }
}
