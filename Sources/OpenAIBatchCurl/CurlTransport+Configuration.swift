// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchTransport

extension CurlTransport {
  /// Connections, trust and proxy of a ``CurlTransport``.
  public struct Configuration: Sendable, Hashable {
    /// How many transfers run at once, each on a connection of its own; others wait, first in, first out.
    /// 64 by default, from 1 to 100: beyond that libcurl's cost per transfer grows.
    public var maxConnections: Int
    /// Which certificate authorities are trusted.
    public var trust: TransportTrust
    /// How connections leave this host.
    public var proxy: TransportProxy
    /// Public keys of which a server must have one, whoever signed its certificate: each the SHA-256 of a key's
    /// DER form (SubjectPublicKeyInfo) in Base64. Empty, the default, for any key.
    public var pins: [String]
    /// What this client shows to a server that asks for a certificate; `nil` for nothing.
    public var identity: Identity?
    /// The newest version of HTTP that is spoken. ``HTTPVersion/http1`` by default.
    public var httpVersion: HTTPVersion

    /// Creates a configuration.
    ///
    /// - Parameters:
    ///   - maxConnections: How many transfers run at once; brought into the range 1 to 100.
    ///   - trust: Which certificate authorities are trusted.
    ///   - proxy: How connections leave this host.
    ///   - pins: Public keys of which a server must have one; empty for any.
    ///   - identity: What this client shows to a server that asks for a certificate.
    ///   - httpVersion: The newest version of HTTP that is spoken.
    public init(
      maxConnections: Int = 64, trust: TransportTrust = .system, proxy: TransportProxy = .environment,
      pins: [String] = [], identity: Identity? = nil, httpVersion: HTTPVersion = .http1
    ) {
      self.maxConnections = maxConnections
      self.trust = trust
      self.proxy = proxy
      self.pins = pins
      self.identity = identity
      self.httpVersion = httpVersion
    }
  }

  /// Which version of HTTP is spoken.
  public enum HTTPVersion: Sendable, Hashable {
    /// HTTP/1.1.
    case http1
    /// HTTP/2 with servers that speak it over TLS, where the libcurl that runs can be trusted with it: from 8.7.0 on,
    /// but for 8.10.0 and 8.16.0. HTTP/1.1 everywhere else.
    ///
    /// One thing HTTP/1.1 notices and libcurl does not over HTTP/2: that a body of undeclared length was cut, where the
    /// server resets its stream without an error.
    case http2
  }

  /// A client certificate with its private key, from PEM files. Prints without the password.
  public struct Identity: Sendable, Hashable {
    /// The path of the certificate, with those that lead to its authority.
    public var certificateFile: String
    /// The path of the private key.
    public var keyFile: String
    let password: String?

    /// Creates an identity.
    ///
    /// - Parameters:
    ///   - certificateFile: The path of the certificate, with those that lead to its authority.
    ///   - keyFile: The path of the private key.
    ///   - password: What decrypts the private key, if anything must.
    public init(certificateFile: String, keyFile: String, password: String? = nil) {
      self.certificateFile = certificateFile
      self.keyFile = keyFile
      self.password = password
    }
  }
}

extension CurlTransport.Identity: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The path of the certificate.
  public var description: String { certificateFile }

  /// The same as ``description``.
  public var debugDescription: String { description }

  /// Shows the paths.
  public var customMirror: Mirror {
    Mirror(
      self, children: ["certificateFile": certificateFile, "keyFile": keyFile], displayStyle: .struct)
  }
}
