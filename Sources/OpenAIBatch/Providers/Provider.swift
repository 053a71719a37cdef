// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchModels

/// How a service that speaks the Batch API spells what OpenAI spells otherwise. What services *answer* otherwise is
/// absorbed without any setting.
///
/// ```swift
/// var configuration = BatchClient.Configuration(credential: .header("api-key", key), baseURL: address)
/// configuration.provider.formNotation = .dots
/// ```
public struct Provider: Sendable, Hashable {
  /// How the members of an object are named in a multipart form.
  public enum FormNotation: Sendable, Hashable {
    /// `expires_after[seconds]`, as OpenAI has it.
    case brackets
    /// `expires_after.seconds`, as Azure documents it.
    case dots
  }

  /// How the members of `expires_after` are named in an upload.
  public var formNotation = FormNotation.brackets
  /// The name of the form's field that repeats the file's name; `nil` for none.
  public var filenameField: String?
  /// The path for uploads, below the base URL.
  public var uploadPath = "/files"
  /// What the provider calls the purpose ``FilePurpose/batch``.
  public var batchPurpose = FilePurpose.batch

  /// Creates OpenAI's own spellings.
  public init() {}

  /// What the provider calls a purpose.
  func purpose(_ purpose: FilePurpose) -> FilePurpose { purpose == .batch ? batchPurpose : purpose }
}

extension BatchClient.Configuration {
  /// Azure OpenAI: the header `api-key`, the path `/openai/v1`, dotted names in forms.
  ///
  /// The lines' `model` is the deployment's name. For Entra tokens set ``credential`` to `.bearer { … }` afterwards.
  ///
  /// - Parameters:
  ///   - endpoint: The resource's address, such as `https://my-resource.openai.azure.com`.
  ///   - apiKey: The resource's key.
  ///   - apiVersion: `nil` for the v1 API, which needs none; with one, such as `2025-04-01-preview`, the older paths
  ///     below `/openai` are used and each call carries `api-version`.
  public static func azure(endpoint: String, apiKey: String, apiVersion: String? = nil) -> Self {
    let base = endpoint.reversed().drop { $0 == "/" }.reversed()
    var configuration = Self(
      credential: .header("api-key", apiKey),
      baseURL: String(base) + (apiVersion == nil ? "/openai/v1" : "/openai"))
    if let apiVersion { configuration.queryItems = [("api-version", apiVersion)] }
    configuration.provider.formNotation = .dots
    return configuration
  }

  /// Groq: chat completions, windows from `24h` to `7d`, files up to 100 MB.
  public static func groq(apiKey: String) -> Self {
    var configuration = Self(apiKey: apiKey, baseURL: "https://api.groq.com/openai/v1")
    configuration.uploadLimits.batchFile = 100_000_000
    return configuration
  }

  /// Together AI: purpose `batch-api`, uploads at `/files/upload` with the file's name as a field.
  public static func together(apiKey: String) -> Self {
    var configuration = Self(apiKey: apiKey, baseURL: "https://api.together.xyz/v1")
    configuration.provider.batchPurpose = "batch-api"
    configuration.provider.uploadPath = "/files/upload"
    configuration.provider.filenameField = "file_name"
    return configuration
  }
}
