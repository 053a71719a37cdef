// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON

extension BatchResponse {
  /// The text that the model wrote: of chat completions, responses and completions; `nil` for others, and for
  /// an answer without text.
  ///
  /// Of several choices the first. A character that the model's limit cut in two reads as U+FFFD.
  public var outputText: String? {
    json.read { body in
      if let choice = body["choices"]?[0] {
        return choice["message"]?["content"].flatMap(Self.text) ?? choice["text"]?.string
      }
      return Self.joined(Self.parts(of: body, type: "output_text").compactMap { $0["text"]?.string })
    }
  }

  /// Why the model declined to answer, when it did.
  public var refusal: String? {
    json.read { body in
      body["choices"]?[0]?["message"]?["refusal"]?.string
        ?? Self.parts(of: body, type: "refusal").first?["refusal"]?.string
    }
  }

  /// Why the answer ended: `stop`, `length` and others of chat completions and completions; of responses the
  /// reason for being incomplete, else the status.
  public var finishReason: String? {
    json.read { body in
      body["choices"]?[0]?["finish_reason"]?.string ?? body["incomplete_details"]?["reason"]?.string
        ?? body["status"]?.string
    }
  }

  /// Tokens that the answer used.
  public var usage: TokenUsage? {
    json.read { $0["usage"].flatMap { try? TokenUsage($0) } }
  }

  /// A chat message's content: a text, or a list of parts.
  private static func text(_ content: JSONView) -> String? {
    content.string ?? joined(content.elements.compactMap { $0["text"]?.string })
  }

  private static func joined(_ texts: [String]) -> String? {
    texts.count > 1 ? texts.joined() : texts.first
  }

  /// The content parts of a response's messages.
  private static func parts(of body: JSONView, type: String) -> [JSONView] {
    guard let output = body["output"] else { return [] }
    return output.elements.flatMap { item in
      item["content"].map { $0.elements.filter { $0["type"]?.isString(type) == true } } ?? []
    }
  }
}
