// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchTransport

/// How a client proves who it is. Asked for each attempt; never printed.
public struct Credential: Sendable {
  private enum Source: Sendable {
    case fixed(name: String, prefix: String, secret: String)
    case bearer(@Sendable () async throws -> String)
  }
  private let source: Source

  /// A key, sent as `Authorization: Bearer …`.
  public static func apiKey(_ key: String) -> Credential {
    Credential(source: .fixed(name: "Authorization", prefix: "Bearer ", secret: key))
  }

  /// A token that can change, asked for before each attempt and sent as `Authorization: Bearer …`.
  public static func bearer(_ token: @escaping @Sendable () async throws -> String) -> Credential {
    Credential(source: .bearer(token))
  }

  /// A key in a header of the provider's own, such as Azure's `api-key`.
  public static func header(_ name: String, _ value: String) -> Credential {
    Credential(source: .fixed(name: name, prefix: "", secret: value))
  }

  /// Says what is wrong with a fixed key, without repeating it; `nil` when nothing is.
  package var problem: String? {
    guard case .fixed(let name, _, let secret) = source else { return nil }
    return HTTPField.Name(name) == nil
      ? "The credential's header name is not valid." : Self.problem(of: secret)
  }

  /// The header field to send.
  func field() async throws(CallFailure) -> HTTPField {
    var (name, prefix, secret) = ("Authorization", "Bearer ", "")
    switch source {
    case .fixed(let fixedName, let fixedPrefix, let fixedSecret):
      (name, prefix, secret) = (fixedName, fixedPrefix, fixedSecret)
    case .bearer(let token):
      do {
        secret = try await token()
      } catch {
        if Task.isCancelled { throw .cancelled("while asking for the token") }
        throw CallFailure(.middleware(error))
      }
      // The next token may be better.
      if let problem = Self.problem(of: secret) { throw CallFailure(.middleware(UnusableToken(problem))) }
    }
    if let problem = Self.problem(of: secret) { throw CallFailure(.configuration(problem)) }
    guard let name = HTTPField.Name(name) else {
      throw CallFailure(.configuration("The credential's header name is not valid."))
    }
    return HTTPField(name: name, value: prefix + secret)
  }

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
