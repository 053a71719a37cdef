// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The endpoint that all requests of a batch call; each line's `url` must equal it.
public struct BatchEndpoint: OpenEnum {
  /// The path, such as `/v1/responses`.
  public let rawValue: String
  /// Creates the endpoint with this path.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// `/v1/responses`
  public static let responses = BatchEndpoint(rawValue: "/v1/responses")
  /// `/v1/chat/completions`
  public static let chatCompletions = BatchEndpoint(rawValue: "/v1/chat/completions")
  /// `/v1/embeddings`; at most 50,000 inputs in all requests of a batch together.
  public static let embeddings = BatchEndpoint(rawValue: "/v1/embeddings")
  /// `/v1/completions`
  public static let completions = BatchEndpoint(rawValue: "/v1/completions")
  /// `/v1/moderations`
  public static let moderations = BatchEndpoint(rawValue: "/v1/moderations")
  /// `/v1/images/generations`
  public static let imageGenerations = BatchEndpoint(rawValue: "/v1/images/generations")
  /// `/v1/images/edits`
  public static let imageEdits = BatchEndpoint(rawValue: "/v1/images/edits")
  /// `/v1/videos`; shut down by OpenAI in September 2026, kept for old batches.
  public static let videos = BatchEndpoint(rawValue: "/v1/videos")
}

/// How long the service may take.
public struct CompletionWindow: OpenEnum {
  /// The window as the service spells it, such as `24h`.
  public let rawValue: String
  /// Creates the window that the service calls `rawValue`.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// 24 hours: the only window at OpenAI. Other providers have others: `CompletionWindow("48h")`.
  public static let hours24 = CompletionWindow(rawValue: "24h")
}
