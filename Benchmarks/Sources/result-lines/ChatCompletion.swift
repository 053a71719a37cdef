// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// The whole of a chat completion.
struct ChatCompletion: Decodable, Sendable {
  struct Choice: Decodable, Sendable {
    var index: Int
    var message: Message
    var finishReason: String?

    private enum CodingKeys: String, CodingKey {
      case index, message
      case finishReason = "finish_reason"
    }
  }

  struct Message: Decodable, Sendable {
    var role: String
    var content: String?
    var refusal: String?
    var annotations: [String]?
  }

  struct Usage: Decodable, Sendable {
    struct PromptDetails: Decodable, Sendable {
      var cachedTokens: Int
      var audioTokens: Int

      private enum CodingKeys: String, CodingKey {
        case cachedTokens = "cached_tokens"
        case audioTokens = "audio_tokens"
      }
    }

    struct CompletionDetails: Decodable, Sendable {
      var reasoningTokens: Int
      var audioTokens: Int
      var acceptedPredictionTokens: Int
      var rejectedPredictionTokens: Int

      private enum CodingKeys: String, CodingKey {
        case reasoningTokens = "reasoning_tokens"
        case audioTokens = "audio_tokens"
        case acceptedPredictionTokens = "accepted_prediction_tokens"
        case rejectedPredictionTokens = "rejected_prediction_tokens"
      }
    }

    var promptTokens: Int
    var completionTokens: Int
    var totalTokens: Int
    var promptTokensDetails: PromptDetails
    var completionTokensDetails: CompletionDetails

    private enum CodingKeys: String, CodingKey {
      case promptTokens = "prompt_tokens"
      case completionTokens = "completion_tokens"
      case totalTokens = "total_tokens"
      case promptTokensDetails = "prompt_tokens_details"
      case completionTokensDetails = "completion_tokens_details"
    }
  }

  var id: String
  var object: String
  var created: Int
  var model: String
  var choices: [Choice]
  var usage: Usage
  var serviceTier: String?
  var systemFingerprint: String?

  private enum CodingKeys: String, CodingKey {
    case id, object, created, model, choices, usage
    case serviceTier = "service_tier"
    case systemFingerprint = "system_fingerprint"
  }
}

/// A line of an output file with a chat completion.
struct ResultRow: Decodable, Sendable {
  struct Response: Decodable, Sendable {
    var statusCode: Int
    var requestId: String
    var body: ChatCompletion

    private enum CodingKeys: String, CodingKey {
      case body
      case statusCode = "status_code"
      case requestId = "request_id"
    }
  }

  var id: String
  var customId: String
  var response: Response
  var error: String?

  private enum CodingKeys: String, CodingKey {
    case id, response, error
    case customId = "custom_id"
  }
}
