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
    "xiong2023": """@article{xiong2023,
  title = {Effective Long-Context Scaling of Foundation Models},
  author = {Xiong, Wenhan and Liu, Jingyu and Molybog, Igor and Zhang, Hejia and others},
  journal = {arXiv:2309.16039}, year = {2023}
}""",
    "brown2024": """@article{brown2024,
  title = {Large Language Monkeys: Scaling Inference Compute with Repeated Sampling},
  author = {Brown, Bradley and Juravsky, Jordan and Ehrlich, Ryan and Clark, Ronald and Le, Quoc V. and R{\\'e}, Christopher
            and Mirhoseini, Azalia},
  journal = {arXiv:2407.21787}, year = {2024}
}""",
    "khatri2025": """@article{khatri2025,
  title = {The Art of Scaling Reinforcement Learning Compute for {LLMs}},
  author = {Khatri, Devvrit and Madaan, Lovish and others},
  journal = {arXiv:2510.13786}, year = {2025}
}""",
    "cui2025": """@article{cui2025,
  title = {The Entropy Mechanism of Reinforcement Learning for Reasoning Language Models},
  author = {Cui, Ganqu and Zhang, Yuchen and Chen, Jiacheng and Yuan, Lifan and others},
  journal = {arXiv:2505.22617}, year = {2025}
}""",
    "rosenfeld2020": """@article{rosenfeld2020,
  title = {A Constructive Prediction of the Generalization Error Across Scales},
  author = {Rosenfeld, Jonathan S. and Rosenfeld, Amir and Belinkov, Yonatan and Shavit, Nir},
  journal = {arXiv:1909.12673}, year = {2019}
}""",
    "mccandlish2018": """@article{mccandlish2018,
  title = {An Empirical Model of Large-Batch Training},
  author = {McCandlish, Sam and Kaplan, Jared and Amodei, Dario and {OpenAI Dota Team}},
  journal = {arXiv:1812.06162}, year = {2018}
}""",
    "brandfonbrener2024": """@article{brandfonbrener2024,
  title = {Loss-to-Loss Prediction: Scaling Laws for All Datasets},
  author = {Brandfonbrener, David and Anand, Nikhil and Vyas, Nikhil and Malach, Eran and Kakade, Sham},
  journal = {arXiv:2411.12925}, year = {2024}
}""",
    "goyal2024": """@article{goyal2024,
  title = {Scaling Laws for Data Filtering: Data Curation cannot be Compute Agnostic},
  author = {Goyal, Sachin and Maini, Pratyush and Lipton, Zachary C. and Raghunathan, Aditi and Kolter, J. Zico},
  journal = {arXiv:2404.07177}, year = {2024}
}""",
    "ye2024": """@article{ye2024,
  title = {Data Mixing Laws: Optimizing Data Mixtures by Predicting Language Modeling Performance},
  author = {Ye, Jiasheng and Liu, Peiju and Sun, Tianxiang and Zhou, Yunhua and Zhan, Jun and Qiu, Xipeng},
  journal = {arXiv:2403.16952}, year = {2024}
}""",
    "liu2024": """@article{liu2024,
  title = {{RegMix}: Data Mixture as Regression for Language Model Pre-training},
  author = {Liu, Qian and Zheng, Xiaosen and Muennighoff, Niklas and Zeng, Guangtao and others},
  journal = {arXiv:2407.01492}, year = {2024}
}""",
    "hernandez2021": """@article{hernandez2021,
  title = {Scaling Laws for Transfer},
  author = {Hernandez, Danny and Kaplan, Jared and Henighan, Tom and McCandlish, Sam},
  journal = {arXiv:2102.01293}, year = {2021}
}""",
    "isik2024": """@article{isik2024,
  title = {Scaling Laws for Downstream Task Performance of Large Language Models},
  author = {Isik, Berivan and Ponomareva, Natalia and Hazimeh, Hussein and Paparas, Dimitris
            and Vassilvitskii, Sergei and Koyejo, Sanmi},
  journal = {arXiv:2402.04177}, year = {2024}
}""",
    "sorscher2022": """@article{sorscher2022,
  title = {Beyond neural scaling laws: beating power law scaling via data pruning},
  author = {Sorscher, Ben and Geirhos, Robert and Shekhar, Shashank and Ganguli, Surya and Morcos, Ari S.},
  journal = {arXiv:2206.14486}, year = {2022}
}""",
    "kang2023": """@article{kang2023,
  title = {Performance Scaling via Optimal Transport: Enabling Data Selection from Partially Revealed Sources},
  author = {Kang, Feiyang and Just, Hoang Anh and Sahu, Anit Kumar and Jia, Ruoxi},
  journal = {arXiv:2307.02460}, year = {2023}
}""",
    "busbridge2025": """@article{busbridge2025,
  title = {Distillation Scaling Laws},
  author = {Busbridge, Dan and Shidani, Amitis and Weers, Floris and Ramapuram, Jason and Littwin, Etai and Webb, Russ},
  journal = {arXiv:2502.08606}, year = {2025}
}""",
    "aghajanyan2023": """@article{aghajanyan2023,
  title = {Scaling Laws for Generative Mixed-Modal Language Models},
  author = {Aghajanyan, Armen and Yu, Lili and Conneau, Alexis and Hsu, Wei-Ning and others},
  journal = {arXiv:2301.03728}, year = {2023}
}""",
    "li2025_farseer": """@article{li2025_farseer,
  title = {Predictable Scale: Part {II}, {Farseer}: A Refined Scaling Law in Large Language Models},
  author = {Li, Houyi and Zheng, Wenzhen and Wang, Qiufeng and others},
  journal = {arXiv:2506.10972}, year = {2025}
}""",
}
