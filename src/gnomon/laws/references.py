"""BibTeX of the papers that laws and their constants come from."""

BIBTEX = {
    "hestness2017": """@article{hestness2017,
  title = {Deep Learning Scaling is Predictable, Empirically},
  author = {Hestness, Joel and Narang, Sharan and Ardalani, Newsha and Diamos, Gregory and Jun, Heewoo
            and Kianinejad, Hassan and Patwary, Md. Mostofa Ali and Yang, Yang and Zhou, Yanqi},
  journal = {arXiv:1712.00409}, year = {2017}
}""",
    "kaplan2020": """@article{kaplan2020,
  title = {Scaling Laws for Neural Language Models},
  author = {Kaplan, Jared and McCandlish, Sam and Henighan, Tom and Brown, Tom B. and Chess, Benjamin and Child, Rewon
            and Gray, Scott and Radford, Alec and Wu, Jeffrey and Amodei, Dario},
  journal = {arXiv:2001.08361}, year = {2020}
}""",
    "hoffmann2022": """@article{hoffmann2022,
  title = {Training Compute-Optimal Large Language Models},
  author = {Hoffmann, Jordan and Borgeaud, Sebastian and Mensch, Arthur and Buchatskaya, Elena and others},
  journal = {arXiv:2203.15556}, year = {2022}
}""",
    "besiroglu2024": """@article{besiroglu2024,
  title = {Chinchilla Scaling: A Replication Attempt},
  author = {Besiroglu, Tamay and Erdil, Ege and Barnett, Matthew and You, Josh},
  journal = {arXiv:2404.10102}, year = {2024}
}""",
    "muennighoff2023": """@article{muennighoff2023,
  title = {Scaling Data-Constrained Language Models},
  author = {Muennighoff, Niklas and Rush, Alexander M. and Barak, Boaz and Le Scao, Teven and Piktus, Aleksandra
            and Tazi, Nouamane and Pyysalo, Sampo and Wolf, Thomas and Raffel, Colin},
  journal = {arXiv:2305.16264}, year = {2023}
}""",
    "gadre2024": """@article{gadre2024,
  title = {Language models scale reliably with over-training and on downstream tasks},
  author = {Gadre, Samir Yitzhak and Smyrnis, Georgios and Shankar, Vaishaal and Gururangan, Suchin and others},
  journal = {arXiv:2403.08540}, year = {2024}
}""",
    "caballero2023": """@article{caballero2023,
  title = {Broken Neural Scaling Laws},
  author = {Caballero, Ethan and Gupta, Kshitij and Rish, Irina and Krueger, David},
  journal = {arXiv:2210.14891}, year = {2022}
}""",
    "alabdulmohsin2022": """@article{alabdulmohsin2022,
  title = {Revisiting Neural Scaling Laws in Language and Vision},
  author = {Alabdulmohsin, Ibrahim and Neyshabur, Behnam and Zhai, Xiaohua},
  journal = {arXiv:2209.06640}, year = {2022}
}""",
    "bhagia2024": """@article{bhagia2024,
  title = {Establishing Task Scaling Laws via Compute-Efficient Model Ladders},
  author = {Bhagia, Akshita and Liu, Jiacheng and Wettig, Alexander and Heineman, David and others},
  journal = {arXiv:2412.04403}, year = {2024}
}""",
    "nezhurina2025": """@article{nezhurina2025,
  title = {Scaling Laws for Robust Comparison of Open Foundation Language-Vision Models and Datasets},
  author = {Nezhurina, Marianna and Porian, Tomer and Puccetti, Giovanni and Kerssies, Tommie and Beaumont, Romain
            and Cherti, Mehdi and Jitsev, Jenia},
  journal = {arXiv:2506.04598}, year = {2025}
}""",
    "tissue2024": """@article{tissue2024,
  title = {Scaling Law with Learning Rate Annealing},
  author = {Tissue, Howe and Wang, Venus and Wang, Lu},
  journal = {arXiv:2408.11029}, year = {2024}
}""",
    "luo2025": """@article{luo2025,
  title = {A Multi-Power Law for Loss Curve Prediction Across Learning Rate Schedules},
  author = {Luo, Kairong and Wen, Haodong and Hu, Shengding and Sun, Zhenbo and Liu, Zhiyuan and Sun, Maosong and others},
  journal = {arXiv:2503.12811}, year = {2025}
}""",
}
