// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
/// Certificates made for these tests alone, valid from 2020 to 2120 where nothing else is said.
enum Certificates {
  /// Signs the others; no one else knows it.
  static let authority = """
    -----BEGIN CERTIFICATE-----
    MIIBOjCB4aADAgECAhRG4pJi79GH51h2c4M1MGytCqXEXDAKBggqhkjOPQQDAjAS
    MRAwDgYDVQQDDAdUZXN0IENBMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAw
    MDAwWjASMRAwDgYDVQQDDAdUZXN0IENBMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
    QgAE0TjpmJ7HlHMQ9XXlwGi5bnVS01chj2fZdYZpGTPGxDDy9uzGWzMPhyIeNbZx
    5NUG5m4E8fTW7zibX2SUDnSpM6MTMBEwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjO
    PQQDAgNIADBFAiEAkx1z1ZXLN7OuXWJb56Nk0r/1+tB7mubRx2m2vDD/8k8CICmU
    V8bkvZxfpqa35rKfMN5YowowSELkC1/JU2IyznbN
    -----END CERTIFICATE-----
    """

  /// For `localhost`.
  static let localhost = """
    -----BEGIN CERTIFICATE-----
    MIIBTzCB9qADAgECAhRjCkVfhTbLo8UIxyANo+kvxTfZgzAKBggqhkjOPQQDAjAS
    MRAwDgYDVQQDDAdUZXN0IENBMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAw
    MDAwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMB
    BwNCAASDN4R3ctPWScv2lZYLWUheACKI1gAfCkeXWk/7h5FdidRACAkqz9k/DggA
    duqIH7tkZCZqGr8CJ4VfFZlFR89SoyYwJDAMBgNVHRMBAf8EAjAAMBQGA1UdEQQN
    MAuCCWxvY2FsaG9zdDAKBggqhkjOPQQDAgNIADBFAiAgBG72xGD8FKcbiVEnQZG1
    CSk+tGFnRyoBQmjdPuAlUgIhAKv0ot5bZHZ9ajaLvZxm1/RWtwkliFNFcxOGZuGp
    UOAF
    -----END CERTIFICATE-----
    """

  /// For another host.
  static let other = """
    -----BEGIN CERTIFICATE-----
    MIIBVzCB/qADAgECAhRdd4LoePECT1UNH85kolzEkygR9DAKBggqhkjOPQQDAjAS
    MRAwDgYDVQQDDAdUZXN0IENBMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAw
    MDAwWjAYMRYwFAYDVQQDDA1vdGhlci5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZI
    zj0DAQcDQgAEgzeEd3LT1knL9pWWC1lIXgAiiNYAHwpHl1pP+4eRXYnUQAgJKs/Z
    Pw4IAHbqiB+7ZGQmahq/AieFXxWZRUfPUqMqMCgwDAYDVR0TAQH/BAIwADAYBgNV
    HREEETAPgg1vdGhlci5leGFtcGxlMAoGCCqGSM49BAMCA0gAMEUCIA6uN22WMLjH
    4koBHbM3inkNOqeU1TBzOKwAtGnUmlWyAiEAiUiyLrhRxBJesaLvl0CSfEcCcvyK
    4Oz9ag22ilRvH8M=
    -----END CERTIFICATE-----
    """

  /// For `localhost`, until 2020.
  static let expired = """
    -----BEGIN CERTIFICATE-----
    MIIBTTCB9KADAgECAhQL+ZtJRQHh9DtjTakVS5aiaRO4PTAKBggqhkjOPQQDAjAS
    MRAwDgYDVQQDDAdUZXN0IENBMB4XDTE5MDEwMTAwMDAwMFoXDTIwMDEwMTAwMDAw
    MFowFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
    QgAEgzeEd3LT1knL9pWWC1lIXgAiiNYAHwpHl1pP+4eRXYnUQAgJKs/ZPw4IAHbq
    iB+7ZGQmahq/AieFXxWZRUfPUqMmMCQwDAYDVR0TAQH/BAIwADAUBgNVHREEDTAL
    gglsb2NhbGhvc3QwCgYIKoZIzj0EAwIDSAAwRQIgb0tlxgpD3RRIRtb7ACVZ3Pyg
    lgikeEAdk4VLGtnVp4MCIQDN9qQtsbSd1xcsdTvdAfIgKVe5j2xvMpWJwQeTKVwV
    Eg==
    -----END CERTIFICATE-----
    """

  /// The key of all but the authority's.
  static let key = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgT9kMjkKZ+cPTJEJz
    FoOwfO7/JkV8CJX/pqEHhH9kJfChRANCAASDN4R3ctPWScv2lZYLWUheACKI1gAf
    CkeXWk/7h5FdidRACAkqz9k/DggAduqIH7tkZCZqGr8CJ4VfFZlFR89S
    -----END PRIVATE KEY-----
    """
}
#endif
